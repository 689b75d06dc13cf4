import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactRef } from '../../contracts/base.js';
import { publishArtifact } from '../../store/artifacts.js';
import type { AttemptTools } from './attempt.js';

/** Metrics and logs for the report; a file that is not there is left out. */
export async function publishRun(tools: AttemptTools): Promise<Record<string, ArtifactRef>> {
  const folder = join(tools.folder, 'run');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const copied = await Promise.all(
    ['metrics.jsonl', 'trainer.log'].map((name) =>
      copyFile(join(tools.folders.runDir, name), join(folder, name)).then(
        () => true,
        () => false,
      ),
    ),
  );
  if (!copied.includes(true)) return {};
  return { run: await publishArtifact(tools.deps.store, { folder, kind: 'files' }) };
}
