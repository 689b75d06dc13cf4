// dist/ from src/: TypeScript, then the workflow bundle that control workers load.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const compiled = spawnSync(path('../node_modules/.bin/tsc'), [], {
  cwd: path('..'),
  stdio: ['ignore', 2, 2],
});
if (compiled.status !== 0) process.exit(1);
const { code } = await bundleWorkflowCode({
  workflowsPath: path('../dist/workflows/index.js'),
  logger: new DefaultLogger('WARN'),
});
writeFileSync(path('../dist/workflow-bundle.js'), code);
