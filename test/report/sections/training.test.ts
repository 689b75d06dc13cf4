import { expect, test } from 'vitest';
import type { Validated } from '../../../src/contracts/outcome.js';
import type { FineTuned } from '../../../src/contracts/state.js';
import type { ReportData } from '../../../src/report/report-data.js';
import { trainingSection } from '../../../src/report/sections/training.js';
import { blocksHtml } from '../../../src/report/html/render-html.js';
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
const render = (
  of: FineTuned | null,
  validation: Validated | null = null,
  more: Partial<Pick<ReportData, 'steps' | 'trained'>> = {},
): string =>
  blocksHtml(
    trainingSection(
      {
        steps: [step],
        postMortems: [],
        trained,
        validation,
        state: { planId: 'tiny', model: of, stoppedAtCap: false },
        ...more,
      } as unknown as ReportData,
      translator('en'),
    ),
    'en',
  );

test('names the fine-tuned model and the command that brings its files', () => {
  expect(render(model)).toContain(digest);
  expect(render(model)).toContain('dream-sft export tiny FOLDER');
  expect(render(null)).not.toContain('export');
});

test('a step without a masked token has no loss, which is no loss of zero', () => {
  const steps = [step, { ...step, step: 2, loss: null }, { ...step, step: 3 }];
  expect(render(model, null, { steps }).match(/<svg/g)).toHaveLength(4);
  const none = { steps: [{ ...step, loss: null }], trained: { ...trained, finalLoss: null } };
  const html = render(model, null, none);
  expect(html.match(/<svg/g)).toHaveLength(3);
  expect(html).toContain('–');
});

test('shows the validation loss and which model is the best by it, when there is one', () => {
  const curve = [
    { step: 1, nll: 2.5 },
    { step: 2, nll: 2.25 },
    { step: 3, nll: 2.75 },
  ];
  const artifact = { digest: 'b'.repeat(64), bytes: 1 };
  const early = render(model, { curve, best: { step: 2, nll: 2.25, artifact, folder: 'model' } });
  expect(early).toContain(`step 2 (2.2500): ${artifact.digest}`);
  expect(early.match(/<svg/g)).toHaveLength(5);
  const late = render(model, {
    curve,
    best: { step: 3, nll: 2, artifact: model!.artifact, folder: '' },
  });
  expect(late).toContain('step 3 (2.0000): the final model');
  expect(render(model).match(/<svg/g)).toHaveLength(4);
  expect(render(model)).not.toContain('alidation');
});
