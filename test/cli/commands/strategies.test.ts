import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Strategies } from '../../../src/contracts/strategies.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { dreamSft } from '../support/in-process.js';
import { dreamSft as inItsProcess } from '../support/run.js';

const BASE = fileURLToPath(new URL('../../../trainer/assets/tiny-base', import.meta.url));
const SMALL = [
  ...['--questions', '4', '--batch-size', '2', '--device', 'cpu'],
  ...['--set', 'sampling.maxNewTokens=8', 'sampling.blockLength=4'],
];

test('a table, strategies.json and a drawing; what is measured is not measured again', async () => {
  const home = temporaryFolder();
  const list = join(home, 'list.yaml');
  await writeFile(list, 'slow: {}\nfast: { tokensPerStep: 4 }\n');
  const output = join(home, 'out');
  const args = ['strategies', BASE, '--strategies', list, '--output', output, ...SMALL];
  const { stdout, stderr, exitCode } = await dreamSft(home, args);
  expect([exitCode, stderr]).toEqual([0, 'slow: measured (1 of 2)\nfast: measured (2 of 2)']);
  expect(stdout).toMatch(/A {2}slow .*\nB {2}fast /);
  const text = await readFile(join(output, 'strategies.json'), 'utf8');
  const document = Strategies.parse(JSON.parse(text));
  expect(document.strategies.map(({ name, n }) => [name, n])).toEqual([
    ['slow', 4],
    ['fast', 4],
  ]);
  expect(document.strategies[1]!.sampling.tokensPerStep).toBe(4);
  expect(await readFile(join(output, 'strategies.svg'), 'utf8')).toContain('<circle');
  const again = await dreamSft(home, [...args, '--json']);
  const told = JSON.parse(again.stdout) as { measured: number; strategies: unknown };
  expect(told.measured).toBe(0);
  expect(told.strategies).toEqual(document.strategies);
});

test('Ctrl-C ends it, and the same command goes on from what was measured', async () => {
  const home = temporaryFolder();
  const list = join(home, 'list.yaml');
  // The second would take minutes: the canvas is long, and nothing ends it early.
  const long = '{ maxNewTokens: 480, blockLength: null, cache: none, stopAtEnd: false }';
  await writeFile(list, `short: {}\nlong: ${long}\n`);
  const output = ['--output', join(home, 'out')];
  const args = ['strategies', BASE, '--strategies', list, ...output, ...SMALL];
  const running = inItsProcess(home, args);
  // Once: a second Ctrl-C would not wait for anything.
  running.stderr.once('data', () => running.kill('SIGINT'));
  const ended = await running;
  expect([ended.exitCode, ended.stderr]).toEqual([130, 'short: measured (1 of 2)\nStopped.']);
  expect(await readdir(join(home, 'logs'))).toEqual([]);
  await writeFile(list, 'short: {}\n');
  const again = await dreamSft(home, [...args, '--json']);
  expect((JSON.parse(again.stdout) as { measured: number }).measured).toBe(0);
});

test.each([
  [[BASE, '--suite', 'gsm9k'], '--suite gsm9k is none of arithmetic, gsm8k'],
  [[BASE, '--suite', 'gsm8k'], '--suite gsm8k needs --file'],
  [[BASE, '--file', '/no/such.jsonl'], '--file /no/such.jsonl: there is no such file'],
  [[BASE, '--questions', '0'], '--questions 0: expected a whole number, at least 1'],
  [['nobody', '--set', 'sampling.blockLength=7'], 'nothing was measured'],
])('%j: exit 2', async (args, said) => {
  const { exitCode, stderr } = await dreamSft(temporaryFolder(), ['strategies', ...args]);
  expect(stderr).toContain(said);
  expect(exitCode).toBe(2);
});

test('a canvas that the model has no positions for is told before its weights are read', async () => {
  const home = temporaryFolder();
  const set = ['--device', 'cpu', '--set', 'sampling.maxNewTokens=1024'];
  const args = ['strategies', BASE, '--output', join(home, 'out'), ...set];
  const { exitCode, stderr } = await dreamSft(home, args);
  expect(exitCode).toBe(64);
  expect(stderr).toMatch(/given: maxNewTokens 1024 after a prompt of \d+ tokens; .* 512 positions/);
});
