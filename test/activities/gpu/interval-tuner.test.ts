import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CheckpointCost } from '../../../src/activities/gpu/checkpoint-cost.js';
import { IntervalTuner } from '../../../src/activities/gpu/interval-tuner.js';
import { Hold } from '../../../src/activities/gpu/hold.js';
import { Beat } from '../../../src/activities/trainer/beat.js';
import type { ChosenInterval } from '../../../src/contracts/interval.js';
import { Chain } from '../../../src/store/chain.js';
import { attemptOn } from '../../store/support/examples.js';
import {
  attempt,
  chainOf,
  failure,
  openLab,
  quietEnvironment,
  stageOf,
  type Lab,
  type Script,
} from '../support/lab.js';

let lab: Lab;
beforeEach(async () => {
  lab = await openLab();
});
afterEach(() => lab.close());

const INFO = { heartbeatTimeoutMs: 5000 };
/** The scripted trainer stops for no checkpoint, so that a measured interval is the least allowed. */
const AUTO = { hoursBetweenInterruptions: 1000, atLeastSeconds: 6.5, atMostSeconds: 1800 };

async function tuned(script: Script) {
  const input = await stageOf(lab, 'full-train', script);
  const checkpoints = { auto: AUTO, keep: 2 };
  return { ...input, configuration: { ...input.configuration, checkpoints } };
}

/** What each attempt's trainer was told to begin with. */
async function intervals(): Promise<unknown[]> {
  const text = await readFile(join(lab.home, 'runs', 'p', 'full-train', 'specs.jsonl'), 'utf8');
  const specs = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return specs.map(({ checkpoints: { everySteps, everySeconds } }) => ({
    everySteps,
    everySeconds,
  }));
}

describe('the interval of a training that tunes it', () => {
  it('begins unmeasured, is told while it runs, journalled, shown, and kept by the next attempt', async () => {
    const input = await tuned([{ steps: 6, at: 4, end: 'kill' }, { steps: 6 }]);
    const first = attempt(lab.deps, input, INFO);
    await failure(first.outcome);
    const shown = first.beats.flatMap(({ interval }) => (interval ? [interval] : []));
    expect(shown[0]).toMatchObject({ seconds: 60, rule: 'unmeasured', interruptionsSeen: 0 });
    expect(shown.at(-1)).toMatchObject({ seconds: 6.5, rule: 'at-least', costSeconds: 0 });
    expect((await chainOf(lab, input)).interval).toMatchObject({ seconds: 6.5, rule: 'at-least' });

    const second = await attempt(lab.deps, input, { ...INFO, attempt: 2 }).outcome;
    expect(await intervals()).toEqual([{ everySeconds: 60 }, { everySeconds: 6.5 }]);
    expect(second).toMatchObject({
      result: { metrics: { interval: { seconds: 6.5, interruptionsSeen: 1, lostInVain: 0 } } },
    });
    const entries = await new Chain(lab.store, input.stageKey).entries();
    const noted = entries.flatMap((entry) => (entry.type === 'interval' ? [entry] : []));
    expect(noted.map(({ token, chosen }) => [token, chosen.interruptionsSeen])).toEqual([
      [1, 0],
      [noted.at(-1)?.token, 1],
    ]);
  });

  it('is told to the running trainer in the folder of its checkpoints', async () => {
    const input = await tuned([{ steps: 6, at: 4, end: 'wait' }]);
    const one = attempt(lab.deps, input, INFO);
    await one.until(
      ({ publishedStep, interval }) => publishedStep === 4 && interval?.seconds === 6.5,
    );
    const { checkpoints } = JSON.parse(
      (await readFile(join(lab.home, 'runs', 'p', 'full-train', 'specs.jsonl'), 'utf8')).trim(),
    ) as { checkpoints: { folder: string } };
    const told = JSON.parse(await readFile(join(checkpoints.folder, 'publishing.json'), 'utf8'));
    expect(told).toEqual({ seconds: expect.any(Number), everySeconds: 6.5 });
    one.env.cancel();
    await one.outcome.catch(() => undefined);
  });

  it('is halved for the next attempt by each host that was lost in vain', async () => {
    const vain = { steps: 6, at: 1, end: 'kill', checkpointEvery: 9 };
    const input = await tuned([vain, vain, { steps: 6 }]);
    for (const number of [1, 2]) {
      await failure(attempt(lab.deps, input, { ...INFO, attempt: number }).outcome);
    }
    await attempt(lab.deps, input, { ...INFO, attempt: 3 }).outcome;
    expect(await intervals()).toEqual([
      { everySeconds: 60 },
      { everySeconds: 30 },
      { everySeconds: 15 },
    ]);
  });

  it('of another attempt’s disk is no measure: what is salvaged changes nothing of it', async () => {
    const input = await tuned([{ steps: 2, at: 2, end: 'kill' }, { steps: 6 }]);
    const put = lab.store.putFile.bind(lab.store);
    Object.assign(lab.store, { putFile: () => Promise.reject(new Error('away')) });
    await failure(attempt(lab.deps, input, INFO).outcome);
    Object.assign(lab.store, { putFile: put });
    const second = attempt(lab.deps, input, { ...INFO, attempt: 2 });
    await second.outcome;
    // The salvaged one was published, but nobody knows what it cost.
    expect(await intervals()).toEqual([{ everySeconds: 60 }, { everySeconds: 60 }]);
    const shown = second.beats.flatMap(({ interval }) => (interval ? [interval] : []));
    expect(shown.at(-1)?.costSeconds).toBe(0);
  });
});

it('publishing that takes longer than was known holds the next checkpoints back while it goes on', async () => {
  let now = 0;
  const deps = { ...lab.deps, now: () => new Date(now) };
  const input = await stageOf(lab, 'full-train', [{}]);
  const chain = new Chain(lab.store, input.stageKey);
  const hold = new Hold(chain, await chain.acquire(attemptOn('host-a')));
  const tuner = await quietEnvironment().run(async () => {
    const beat = new Beat(deps, input, 'steps');
    const cost = new CheckpointCost();
    return new IntervalTuner({ deps, hold, beat, cost, earlier: null }, null);
  });
  const staging = join(lab.home, 'staging');
  await mkdir(staging);
  const told = async (): Promise<unknown> =>
    JSON.parse(await readFile(join(staging, 'publishing.json'), 'utf8').catch(() => 'null'));
  const ready = (step: number): void =>
    tuner.see({
      type: 'checkpoint-ready', step, folder: join(staging, `step-${step}`), files: [],
      seconds: 1, stallSeconds: 0,
    }); // prettier-ignore
  ready(1);
  tuner.publishing(true);
  now = 20_000;
  ready(2);
  await expect.poll(told, { timeout: 20_000 }).toEqual({ seconds: 40 });
  now = 60_000;
  ready(3);
  await expect.poll(told, { timeout: 20_000 }).toEqual({ seconds: 120 });
  now = 105_000;
  tuner.publishing(false);
  ready(4);
  await tuner.published(staging, 105);
  expect(await told()).toEqual({ seconds: 105 });
});

it('a plan that fixes the interval keeps it, and nothing is chosen', async () => {
  const input = await stageOf(lab, 'full-train', [{ steps: 4 }]);
  const one = attempt(lab.deps, input, INFO);
  expect(await one.outcome).toMatchObject({ kind: 'finished' });
  expect(await intervals()).toEqual([{ everySteps: 2 }]);
  const shown: (ChosenInterval | null)[] = one.beats.map(({ interval }) => interval);
  expect(new Set(shown)).toEqual(new Set([null]));
  expect((await chainOf(lab, input)).interval).toBeNull();
});
