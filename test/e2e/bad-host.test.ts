import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePorts } from '../../src/processes/free-port.js';
import { TINY_PLAN } from '../helpers/plans.js';
import { chainOf } from '../helpers/results.js';
import { midway, until } from '../helpers/watching.js';
import { Breakable } from './support/breakable.js';
import { expectNobodyTrains, expectNoStack } from './support/what-people-see.js';

let on: Breakable;
beforeAll(async () => {
  on = await Breakable.open();
});
afterAll(() => on?.close());

test('a disk that is full during checkpoints: the plan fails, keeps its last one, and goes on from it', async () => {
  const id = 'full-disk';
  const settings = ['training.steps=90', 'evaluation.suites.0.questions=8'];
  const { ended } = await on.startAndWatch(id, ...settings);
  const { trainerPid } = await midway(on.system, id, 'full-train');
  await on.python.fillDisk(trainerPid);
  const failed = await ended;
  expect(failed.exitCode).toBe(1);
  const said = failed.stdout + failed.stderr;
  expect(said).toContain('tried again after: no space left');
  const sentence = /full-train: .*no space left to write a checkpoint in .*free space there/;
  await on.expectTold(id, said, sentence, 'then start the plan again; it goes on where it stopped');
  const { chain: before } = (await chainOf(on.system.store, id, 'full-train'))!;
  const kept = before.newest!.step;
  expect(kept).toBeGreaterThan(0);
  expect(before.attempts.length).toBeGreaterThan(3);

  on.python.freeDisk();
  const finished = await on.start(id, ...settings);
  expect(finished.stderr).toBe('');
  expect(finished.exitCode).toBe(0);
  expect((await on.stageOf(id, 'eval-before')).cached).toBe(true);
  const { chain } = (await chainOf(on.system.store, id, 'full-train'))!;
  expect(chain.attempts.at(-1)!.publishedSteps[0]).toBeGreaterThan(kept);
  expect(chain.published.filter(({ step }) => step <= kept).at(-1)!.step).toBe(kept);
});

test('Python vanishes: a stage without a host fails with 70, one with a host says what to run', async () => {
  const id = 'no-python';
  on.python.vanish();
  try {
    const failed = await on.start(id, 'data.source.seed=5');
    expect(failed.exitCode).toBe(70);
    const sentence = /download: .*Python cannot be run; run `npm run setup`/;
    await on.expectTold(id, failed.stdout + failed.stderr, sentence, 'then start the plan again');

    // The stages before smoke-train are found in the store; a host cannot be started.
    const other = 'no-python-for-hosts';
    const changed = ['training.steps=4', 'training.seed=9', 'evaluation.suites.0.questions=8'];
    const { ended } = await on.startAndWatch(other, ...changed);
    const state = await until(on.system, other, 'says what is missing', ({ current }) =>
      Boolean(current?.waitingFor),
    );
    expect(state.current!.waitingFor).toMatch(
      /^on .*, run: npm run setup \(Python .* cannot be run\)$/,
    );
    expect((await on.cli('status', other)).stdout).toContain(
      `Waiting: ${state.current!.waitingFor}`,
    );
    await expectNobodyTrains();
    on.python.comeBack();
    const finished = await ended;
    expect(finished.exitCode).toBe(0);
    expectNoStack(finished.stdout + finished.stderr);
  } finally {
    on.python.comeBack();
  }
});

test('up without Python: two lines, exit 70, and nothing is left of it', async () => {
  const home = join(on.system.home, 'elsewhere');
  mkdirSync(home);
  const [port] = await freePorts(1);
  const ended = await execa(
    process.execPath,
    [join(TINY_PLAN, '../../bin/dream-sft.mjs'), 'up', '--port', String(port)],
    { reject: false, env: { DREAM_SFT_HOME: home, DREAM_SFT_PYTHON: '/nonexistent/python' } },
  );
  expect(ended.exitCode).toBe(70);
  expect(ended.stdout).toBe('');
  expect(ended.stderr.split('\n')).toEqual([
    'Python /nonexistent/python cannot be run.',
    'Run `npm run setup`, or name another with DREAM_SFT_PYTHON.',
  ]);
});

test('up on a port that a running system has: exit 71, and that system goes on', async () => {
  const port = on.system.config.connection.address.split(':')[1]!;
  const ended = await on.cli('up', '--port', port);
  expect(ended.exitCode).toBe(71);
  expect(ended.stdout).toBe('');
  expect(ended.stderr.split('\n')).toEqual([
    `Port ${port} is taken by another program.`,
    'Stop that one, or choose another with --port.',
  ]);
  const after = await on.cli('list', '--json');
  expect(after.exitCode).toBe(0);
  expect(after.stdout).toContain('full-disk');
});
