import { describe, expect, it } from 'vitest';
import { Plan } from '../../src/contracts/plan.js';
import { parametersOf } from '../../src/recipes/parameters.js';

const plan = (training: Record<string, unknown>) =>
  Plan.parse({
    id: 'p',
    title: 'P',
    base: { kind: 'hub', repo: 'a/b' },
    data: { source: { kind: 'generated', generator: 'arithmetic', rows: 10 } },
    training: { steps: 3, ...training },
    evaluation: {
      suites: [{ name: 'arithmetic', questions: 5 }],
      sampling: { maxNewTokens: 16 },
    },
    checkpoints: { everySteps: 10 },
    hosts: { provider: 'manual', gpuClass: 'a', pricePerHourCny: 1 },
    money: { capCny: 10 },
  });
const paths = (training: Record<string, unknown>) =>
  parametersOf(plan(training)).map(({ path }) => path);

describe('parameters of a plan', () => {
  it('know whether they are at the default of the contract', () => {
    const found = new Map(
      parametersOf(plan({ betas: [0.9, 0.95], warmup: 0.2 })).map((p) => [p.path, p]),
    );
    expect(found.get('training.betas')).toEqual({
      path: 'training.betas',
      value: [0.9, 0.95],
      isDefault: true,
    });
    expect(found.get('training.warmup')?.isDefault).toBe(false);
    expect(found.get('training.steps')?.isDefault).toBe(false);
    expect(found.get('training.validation')).toMatchObject({ value: null, isDefault: true });
    expect(found.get('evaluation.sampling.maxNewTokens')?.isDefault).toBe(false);
    expect(found.get('evaluation.sampling.steps')?.isDefault).toBe(true);
    expect(found.get('store')?.isDefault).toBe(true);
  });

  it('leave out names, and settings that nothing reads', () => {
    expect(paths({})).not.toContain('id');
    const full = paths({});
    expect(full.filter((path) => path.startsWith('training.lora'))).toEqual([]);
    expect(full).toContain('training.fullMode');
    const lora = paths({ method: 'lora', tokensPerMicroBatch: 256, weighting: 'none' });
    expect(lora).toContain('training.lora.rank');
    expect(lora).not.toContain('training.fullMode');
    expect(lora).not.toContain('training.documentsPerMicroBatch');
    expect(lora).not.toContain('training.cartP');
  });
});
