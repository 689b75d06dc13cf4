import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StageInput } from '../../../src/contracts/activities.js';
import { StageOutcome } from '../../../src/contracts/outcome.js';
import { TrainingConfig } from '../../../src/contracts/training.js';
import { until } from '../../support/until.js';
import { chainOf, type Lab } from '../support/lab.js';
import { downloadAndConvert, hasTrainer, inputOf, openRealLab } from '../support/real.js';

const ATTEMPT = fileURLToPath(new URL('../support/one-attempt.mjs', import.meta.url));
const STEPS = 120;
const SEED = 20;
const configuration = {
  training: TrainingConfig.parse({
    steps: STEPS,
    documentsPerStep: 16,
    documentsPerMicroBatch: 8,
    learningRate: 0.004,
    seed: 3,
  }),
  checkpoints: { everySteps: 8, keep: 2 },
  device: 'cpu',
  threads: 1,
};

interface Kill {
  readonly at: 'step' | 'publish' | 'restore' | 'loading';
  readonly step?: number;
}

/** Numbers in [0, 1) that a seed fixes: the generator of Lehmer, as Park and Miller gave it (1988). */
function* random(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (state * 48_271) % 2_147_483_647;
    yield state / 2_147_483_647;
  }
}

let lab: Lab;
let attempts = 0;

/** An attempt as a host of its own; null when it was killed on its way. */
async function oneAttempt(input: StageInput, host: string, kill: Kill | null) {
  attempts += 1;
  const request = join(lab.home, `attempt-${attempts}.json`);
  const boot = `boot-${attempts}`;
  const text = { home: lab.home, host: { id: host, boot }, attempt: attempts, input, kill };
  await writeFile(request, JSON.stringify(text));
  const ended = await execa(process.execPath, [ATTEMPT, request], { reject: false });
  if (kill) {
    expect({ kill, signal: ended.signal, said: ended.stderr }).toEqual({
      kill,
      signal: 'SIGKILL',
      said: '',
    });
    await until('its trainer is gone too', async () => {
      const { stdout } = await execa('ps', ['-A', '-o', 'args=']);
      return !stdout.includes(lab.home);
    });
    return null;
  }
  if (ended.exitCode !== 0) throw new Error(ended.stderr);
  const outcome = StageOutcome.parse(JSON.parse(ended.stdout));
  if (outcome.kind !== 'finished' || outcome.result.metrics.kind !== 'full-train') {
    throw new Error(`the attempt was ${outcome.kind}`);
  }
  return outcome.result.metrics.train;
}

const newestStep = async (input: StageInput): Promise<number> =>
  (await chainOf(lab, input)).newest?.step ?? 0;

describe.skipIf(!hasTrainer)('training with SIGKILLs (needs .venv: npm run setup)', () => {
  beforeAll(async () => {
    lab = await openRealLab();
  });
  afterAll(() => lab.close());

  it(
    'ends with the order and the weights of training without',
    { timeout: 1_800_000 },
    async () => {
      const { base, documents, tokenizer } = await downloadAndConvert(lab);
      const inputs = { base, dataset: documents, tokenizer };
      const straight = (await oneAttempt(
        inputOf('full-train', '5', configuration, inputs),
        'a',
        null,
      ))!;
      expect(straight).toMatchObject({ steps: STEPS, stepsThisAttempt: STEPS });

      const input = inputOf('full-train', '6', configuration, inputs);
      const chance = random(SEED);
      const someSteps = (): number => 10 + Math.floor(chance.next().value * 20);
      await oneAttempt(input, 'b', { at: 'step', step: someSteps() });
      const first = await newestStep(input);
      expect(first).toBeGreaterThan(0);

      // Inside a publish; the same host finds it staged, and publishes it before it goes on.
      await oneAttempt(input, 'b', { at: 'publish' });
      const second = await newestStep(input);
      expect(second).toBeGreaterThan(first);
      await oneAttempt(input, 'b', { at: 'loading' });
      const salvaged = await newestStep(input);
      expect(salvaged).toBeGreaterThan(second);

      // During a resume: another host has brought a part of the checkpoint, then again on the same.
      await oneAttempt(input, 'c', { at: 'restore' });
      await oneAttempt(input, 'c', { at: 'restore' });
      await oneAttempt(input, 'c', { at: 'step', step: salvaged + someSteps() });
      expect(await newestStep(input)).toBeLessThan(STEPS);

      const killed = (await oneAttempt(input, 'c', null))!;
      expect(killed.stepsThisAttempt).toBeLessThan(STEPS - salvaged);
      expect(killed.resumedInexactly).toBe(false);
      expect(killed.orderHash).toBe(straight.orderHash);
      expect(killed.weightsSha256).toBe(straight.weightsSha256);
      const { attempts: all, postMortems } = await chainOf(lab, input);
      expect(all.map(({ ended }) => ended?.how ?? null)).toEqual([
        ...Array.from({ length: 6 }, () => null),
        'finished',
      ]);
      expect(postMortems.map(({ kind }) => kind)).toEqual(
        Array.from({ length: 6 }, () => 'host-lost'),
      );
    },
  );
});
