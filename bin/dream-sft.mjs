#!/usr/bin/env node
import { existsSync } from 'node:fs';

const main = new URL('../dist/cli/main.js', import.meta.url);
if (!existsSync(main)) {
  process.stderr.write('dream-sft is not set up yet. Run `npm run setup` in its folder.\n');
  process.exit(70);
}
const { buildProgram } = await import(main.href);
await buildProgram().parseAsync();
