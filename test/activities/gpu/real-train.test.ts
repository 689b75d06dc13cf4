import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TrainingConfig } from '../../../src/contracts/training.js';
import type { StageOutcome } from '../../../src/contracts/outcome.js';
import { attempt, chainOf, type Lab } from '../support/lab.js';
import { downloadAndConvert, hasTrainer, inputOf, openRealLab } from '../support/real.js';

const training = TrainingConfig.parse({
  steps: 24,
  documentsPerStep: 8,
  documentsPerMicroBatch: 8,
  learningRate: 0.004,
  seed: 3,
});
const configuration = {
  training,
  checkpoints: { everySteps: 4, keep: 2 },
  device: 'cpu',
  threads: 1,
};

function trained(outcome: StageOutcome) {
  if (outcome.kind !== 'finished') throw new Error(outcome.kind);
  const { metrics } = outcome.result;
  if (metrics.kind !== 'full-train') throw new Error(metrics.kind);
  return metrics.train;
}

describe.skipIf(!hasTrainer)(
  'full-train with the real trainer (needs .venv: npm run setup)',
  () => {
    let lab: Lab;
    beforeAll(async () => {
      lab = await openRealLab();
    });
    afterAll(() => lab.close());

    it('ends with the same bits after a SIGKILL as without', { timeout: 120_000 }, async () => {
      const { base, documents, tokenizer } = await downloadAndConvert(lab);
      const inputs = { base, dataset: documents, tokenizer };
      const straight = inputOf('full-train', '5', configuration, inputs);
      const whole = trained(await attempt(lab.deps, straight).outcome);
      expect(whole).toMatchObject({ steps: 24, stepsThisAttempt: 24 });

      const killed = inputOf('full-train', '6', configuration, inputs);
      const first = attempt(lab.deps, killed);
      const { trainerPid } = await first.until(({ publishedStep }) => (publishedStep ?? 0) >= 4);
      process.kill(trainerPid ?? 0, 'SIGKILL');
      await expect(first.outcome).rejects.toMatchObject({ type: 'TrainerCrashed' });
      const heartbeatDetails = first.beats.at(-1);
      const second = attempt(lab.deps, killed, { attempt: 2, heartbeatDetails });
      const resumed = trained(await second.outcome);
      expect(resumed.stepsThisAttempt).toBeGreaterThan(0);
      expect(resumed.stepsThisAttempt).toBeLessThan(24);
      expect(resumed.resumedInexactly).toBe(false);
      expect(resumed.orderHash).toBe(whole.orderHash);
      expect(resumed.weightsSha256).toBe(whole.weightsSha256);
      const { postMortems } = await chainOf(lab, killed);
      expect(postMortems).toHaveLength(1);
      expect(postMortems[0]?.resumedFromStep).toBe(24 - resumed.stepsThisAttempt);
    });
  },
);
