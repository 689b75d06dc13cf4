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

/** `up` beside the running system, on a home of its own unless told otherwise. */
function up(port: string | number, env: Record<string, string> = {}) {
  const home = join(on.system.home, 'elsewhere');
  mkdirSync(home, { recursive: true });
  const main = join(TINY_PLAN, '../../bin/dream-sft.mjs');
  return execa(process.execPath, [main, 'up', '--port', String(port)], {
    reject: false,
    env: { DREAM_SFT_HOME: home, ...env },
  });
}

test('up without Python: two lines, exit 70, and nothing is left of it', async () => {
  const [port] = await freePorts(1);
  const ended = await up(port!, { DREAM_SFT_PYTHON: '/nonexistent/python' });
  expect(ended.exitCode).toBe(70);
  expect(ended.stdout).toBe('');
  expect(ended.stderr.split('\n')).toEqual([
    'Python /nonexistent/python cannot be run.',
    'Run `npm run setup`, or name another with DREAM_SFT_PYTHON.',
  ]);
});

test.each(['port', 'home'])(
  'up on a %s that a running system has: that system goes on',
  async (what) => {
    const taken = on.system.config.connection.address.split(':')[1]!;
    const [free] = await freePorts(1);
    const { home } = on.system;
    const ended = await (what === 'port' ? up(taken) : up(free!, { DREAM_SFT_HOME: home }));
    expect(ended.stdout).toBe('');
    const [first, second, ...rest] = ended.stderr.split('\n');
    expect(rest).toEqual([]);
    if (what === 'port') {
      expect(ended.exitCode).toBe(71);
      expect(first).toBe(`Port ${taken} is taken by another program.`);
      expect(second).toBe('Stop that one, or choose another with --port.');
    } else {
      expect(ended.exitCode).toBe(5);
      expect(first).toMatch(/^Another dream-sft \(pid \d+\) runs the server part of .* already\.$/);
      expect(second).toBe('End that one first, or give this one another home with DREAM_SFT_HOME.');
    }
    const after = await on.cli('list', '--json');
    expect(after.exitCode).toBe(0);
    expect(after.stdout).toContain('full-disk');
  },
);
