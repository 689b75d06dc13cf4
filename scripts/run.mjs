// `npm run demo | chaos | test | test:system | test:slow | check | gen`: sets the project up first, then does it.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { bootstrap, root } from './bootstrap.mjs';

const bin = (name) => join(root, 'node_modules', '.bin', name);
const python = join(root, '.venv', 'bin', 'python');
const trainer = join(root, 'trainer');
const benches = join(root, 'bench');
const rest = process.argv.slice(3);

const unitTests = [bin('vitest'), ['run', '--project', 'unit', ...rest]];
const pytest = ['-m', 'pytest', trainer, '-c', join(trainer, 'pyproject.toml')];
// Tests of one file stay together and in order: those that kill and measure are not disturbed by their like.
const quickPytest = [python, [...pytest, '-n', '2', '--dist', 'loadfile']];
const TASKS = {
  demo: [[process.execPath, [join(root, 'bin', 'dream-sft.mjs'), 'demo', ...rest]]],
  // The same as a person's own drill, with the S3 server that its store faults need.
  chaos: [[process.execPath, [join(root, 'bin', 'dream-sft.mjs'), 'drill', ...rest]]],
  test: [[...unitTests, quickPytest]],
  system: [[bin('vitest'), ['run', '--project', 'system', ...rest]]],
  slow: [[python, [...pytest, '--slow', ...rest]]],
  gen: [[process.execPath, [join(root, 'scripts', 'generate-schemas.mjs')]]],
  check: [
    [bin('prettier'), ['--check', '--log-level', 'warn', '.']],
    [bin('oxlint'), ['--type-aware', 'src', 'test']],
    [bin('tsc'), ['--noEmit']],
    [python, ['-m', 'ruff', 'format', '--check', '-q', trainer, benches]],
    [python, ['-m', 'ruff', 'check', '-q', trainer, benches]],
    [
      python,
      ['-m', 'mypy', '--config-file', join(trainer, 'pyproject.toml'), join(trainer, 'dream_sft')],
    ],
    unitTests,
  ],
};

/** A step is [command, args, another step that runs beside it and is shown after it]. */
async function step([command, args, beside]) {
  const other = beside && run(beside, 'pipe');
  const { code } = await run([command, args], 'inherit');
  if (!other) return code;
  const shown = await other;
  process.stdout.write(shown.said);
  return shown.code || code;
}

function run([command, args], output) {
  const child = spawn(command, args, { cwd: root, stdio: ['inherit', output, output] });
  // Read at once: what nobody reads is dropped when the child ends.
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part) => (said += part));
  // The child is in our process group and hears Ctrl-C itself; we only wait for it.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    const ended = (code) => resolve({ code, said });
    child.once('error', () => ended(1));
    child.once('close', (code, signal) => ended(code ?? (signal === 'SIGINT' ? 130 : 143)));
  });
}

const steps = TASKS[process.argv[2]];
if (!steps) {
  process.stderr.write(`usage: run.mjs ${Object.keys(TASKS).join(' | ')}\n`);
  process.exit(2);
}
if (process.argv[2] === 'system') process.env.DREAM_SFT_SLOW = '1';
bootstrap({ development: process.argv[2] !== 'demo' });
let worst = 0;
// Every step runs: a failure of one says nothing about the others.
for (const each of steps) worst = (await step(each)) || worst;
process.exitCode = worst;
