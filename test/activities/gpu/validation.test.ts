import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StageOutcome } from '../../../src/contracts/outcome.js';
import { manifestKey } from '../../../src/store/artifacts.js';
import { attempt, chainOf, failure, type Lab, openLab, stageOf } from '../support/lab.js';

let lab: Lab;
beforeEach(async () => {
  lab = await openLab();
});
afterEach(() => lab.close());

function resultOf(outcome: StageOutcome) {
  if (outcome.kind !== 'finished') throw new Error(outcome.kind);
  const { metrics, artifacts } = outcome.result;
  if (metrics.kind !== 'full-train') throw new Error(metrics.kind);
  return { validation: metrics.validation, artifacts };
}

describe('a training that validates', () => {
  it('names its best checkpoint, which stays in the store beside the newest ones', async () => {
    const nll = [5, 1, 4, 3, 3, 3, 3, 2, 3, 3, 3, 3];
    const script = [{ steps: 12, checkpointEvery: 1, nll }];
    const input = await stageOf(lab, 'full-train', script);
    const { validation, artifacts } = resultOf(await attempt(lab.deps, input).outcome);
    const { published } = await chainOf(lab, input);
    const second = published.find(({ step }) => step === 2);
    const best = { step: 2, nll: 1, artifact: second?.manifest, folder: 'model' };
    expect(validation?.best).toEqual(best);
    expect(artifacts['best']).toEqual(second?.manifest);
    expect(validation?.curve.map((point) => point.nll)).toEqual(nll);
    expect(await lab.store.get(manifestKey(second!.manifest.digest))).toBeDefined();
  });

  it('names the final model when nothing earlier beats it', async () => {
    const script = [{ steps: 3, checkpointEvery: 1, nll: [3, 2, 1] }];
    const input = await stageOf(lab, 'full-train', script);
    const { validation, artifacts } = resultOf(await attempt(lab.deps, input).outcome);
    expect(validation?.best).toEqual({
      step: 3,
      nll: 1,
      artifact: artifacts['model'],
      folder: '',
    });
    expect(artifacts).not.toHaveProperty('best');
  });

  it('has one curve over attempts on several hosts', async () => {
    const nll = [4, 3, 2, 5];
    const script = [
      { steps: 4, checkpointEvery: 1, nll, at: 2, end: 'kill' },
      { steps: 4, checkpointEvery: 1, nll },
    ];
    const input = await stageOf(lab, 'full-train', script);
    await failure(attempt(lab.deps, input).outcome);
    const elsewhere = { ...lab.deps, host: { id: 'host-b', boot: 'boot-2' } };
    const second = attempt(elsewhere, input, { attempt: 2 });
    const { validation } = resultOf(await second.outcome);
    const points = validation?.curve.map(({ step, nll: value }) => [step, value]);
    expect(points).toEqual(nll.map((value, index) => [index + 1, value]));
    expect(validation?.best).toMatchObject({ step: 3, nll: 2 });
  });

  it('says nothing of validation where there is none', async () => {
    const input = await stageOf(lab, 'full-train', [{ steps: 4 }]);
    const { validation, artifacts } = resultOf(await attempt(lab.deps, input).outcome);
    expect(validation).toBeUndefined();
    expect(artifacts).not.toHaveProperty('best');
  });
});
