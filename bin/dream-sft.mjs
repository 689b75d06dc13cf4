#!/usr/bin/env node
import { existsSync } from 'node:fs';

const main = new URL('../dist/cli/main.js', import.meta.url);
if (!existsSync(main)) {
  process.stderr.write('dream-sft is not set up yet. Run `npm run setup` in its folder.\n');
  process.exit(70);
}
// The S3 client is pinned: what its later versions will ask of Node is nothing that a user can mend.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
const { buildProgram } = await import(main.href);
await buildProgram().parseAsync();
