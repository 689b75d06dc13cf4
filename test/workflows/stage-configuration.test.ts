import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadPlan } from '../../src/cli/plan-file.js';
import {
  DownloadConfiguration,
  EvalConfiguration,
  FullTrainConfiguration,
  ValidateConfiguration,
} from '../../src/contracts/stage-configuration.js';
import { stageConfiguration } from '../../src/workflows/stage-configuration.js';

const FACTS = { startedAt: '2026-11-30T00:00:00Z', modelFolder: '' } as const;

const HUB = { kind: 'hub', repo: 'Dream-org/Dream-v0-Instruct-7B' } as const;
const OTHER = { kind: 'initialised', width: 64, layers: 2, heads: 4, seed: 0 } as const;

test.each([
  [{ ...HUB, repoType: 'model', revision: 'main' } as const, HUB.repo],
  [OTHER, undefined],
])(
  'full-train knows the name that its base has on the hub, if it lies there',
  async (base, name) => {
    const file = fileURLToPath(new URL('../../plans/tiny.yaml', import.meta.url));
    const plan = { ...(await loadPlan(file)), base };
    const configuration = stageConfiguration(plan, 'full-train', FACTS);
    expect(FullTrainConfiguration.parse(configuration).baseName).toBe(name);
  },
);

test('questions are fetched from where the plan says, and asked alike wherever they lay', async () => {
  const file = fileURLToPath(new URL('../../plans/tiny.yaml', import.meta.url));
  const plan = await loadPlan(file);
  const source = {
    ...{ kind: 'hub', repo: 'openai/gsm8k', repoType: 'dataset', revision: 'main' },
    files: ['main/test-*.parquet'],
  } as const;
  const suite = { name: 'gsm8k', questions: 2, seed: 0 } as const;
  const path = '/data/test.jsonl';
  const [remote, local] = [
    { ...suite, source },
    { ...suite, file: path },
  ].map((one) => {
    const evaluation = { ...plan.evaluation, suites: [one] };
    const of = (stage: 'download' | 'validate' | 'eval-before') =>
      stageConfiguration({ ...plan, evaluation }, stage, FACTS);
    const asked = EvalConfiguration.parse(of('eval-before'));
    expect(ValidateConfiguration.parse(of('validate')).suites).toEqual(asked.suites);
    return { asked, fetched: DownloadConfiguration.parse(of('download')).suites };
  });
  expect(remote?.asked).toEqual(local?.asked);
  expect(remote?.fetched).toEqual([{ name: 'gsm8k', source }]);
  expect(local?.fetched).toEqual([{ name: 'gsm8k', source: { kind: 'file', path } }]);
});
