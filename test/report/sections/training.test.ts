import { expect, test } from 'vitest';
import type { FineTuned } from '../../../src/contracts/state.js';
import type { ReportData } from '../../../src/report/report-data.js';
import { trainingSection } from '../../../src/report/sections/training.js';
import { translator } from '../../../src/report/texts.js';

const digest = 'd'.repeat(64);
const model: FineTuned = {
  artifact: { digest, bytes: 1 },
  folder: '',
  tokenizer: { digest, bytes: 1 },
  store: { kind: 'local' },
};
const step = { step: 1, loss: 1, learningRate: 0.1, gradientNorm: 1, tokensPerSecond: 9 };
const trained = {
  steps: 1,
  tokens: 9,
  finalLoss: 1,
  orderHash: 'o',
  tokensPerSecond: 9,
  resumedInexactly: false,
};
const render = (of: FineTuned | null): string =>
  trainingSection(
    {
      steps: [step],
      postMortems: [],
      trained,
      state: { planId: 'tiny', model: of, stoppedAtCap: false },
    } as unknown as ReportData,
    translator('en'),
  );

test('names the fine-tuned model and the command that brings its files', () => {
  expect(render(model)).toContain(digest);
  expect(render(model)).toContain('dream-sft export tiny FOLDER');
  expect(render(null)).not.toContain('export');
});
