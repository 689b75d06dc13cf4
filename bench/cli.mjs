// How instant the CLI feels: `node bench/cli.mjs` (median of 20 each; --help and status).
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../dist/processes/free-port.js';
import { LocalStack } from '../dist/cli/local-stack.js';
import { median, report, round } from './measure.mjs';

const RUNS = 20;
const bin = fileURLToPath(new URL('../bin/dream-sft.mjs', import.meta.url));

function seconds(args, env) {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [bin, ...args], {
    env: { ...process.env, ...env },
  });
  if (status !== 0) throw new Error(`dream-sft ${args.join(' ')} ended with ${status}: ${stderr}`);
  return (performance.now() - start) / 1000;
}

const home = mkdtempSync(join(tmpdir(), 'dream-sft-bench-'));
const [port, uiPort] = await freePorts(2);
const stack = await LocalStack.start({ home, port, uiPort, parts: ['server'], gpuClass: 'none' });
const env = { DREAM_SFT_HOME: home };
const times = { node: [], help: [], status: [] };
for (let i = 0; i < RUNS; i += 1) {
  const start = performance.now();
  spawnSync(process.execPath, ['-e', '0']);
  times.node.push((performance.now() - start) / 1000);
  times.help.push(seconds(['--help'], env));
  times.status.push(seconds(['status'], env));
}
await stack.stop();
report('cli', {
  runs: RUNS,
  nodeAloneSeconds: round(median(times.node)),
  helpSeconds: round(median(times.help)),
  statusSeconds: round(median(times.status)),
  wanted: { helpSeconds: 0.3, statusSeconds: 1 },
});
