import type { StageMetrics } from '../../../src/contracts/outcome.js';
import type { WorkKind } from '../../../src/contracts/stages.js';
import { comparedOf } from '../../../src/contracts/verdict.js';
import { comparison, suiteComparison } from '../../helpers/comparison.js';

const DIGEST = 'a'.repeat(64);
const ref = (letter: string) => ({ digest: letter.repeat(64), bytes: 1 });

const train = {
  steps: 10,
  stepsThisAttempt: 10,
  tokens: 100,
  finalLoss: 1,
  orderHash: DIGEST,
  weightsSha256: DIGEST,
  tokensPerSecond: 10,
  secondsPerStep: 0.5,
  resumedInexactly: false,
  parameters: 1,
  trainableParameters: 1,
};
const suite = {
  score: 0.5,
  n: 2,
  correct: 1,
  interval: [0.1, 0.9] as [number, number],
  unreadable: 0,
  meanAnswerTokens: 3,
  seconds: 1,
};
const evaluate: StageMetrics = {
  kind: 'evaluate',
  evaluate: { suites: { arithmetic: suite }, secondsPerQuestion: 1, answersThisAttempt: 2 },
};

/** An evaluation with so many right answers of 200. */
export const scoring = (correct: number): StageMetrics => ({
  kind: 'evaluate',
  evaluate: {
    suites: { gsm8k: { ...suite, n: 200, correct, score: correct / 200, interval: [0, 1] } },
    secondsPerQuestion: 1,
    answersThisAttempt: 200,
  },
});

const traced = { cases: 3, asEvaluated: 3, otherwise: 0, seconds: 1 };

/** What a scripted stage leaves when it finishes. */
export const METRICS: Record<Exclude<WorkKind, 'report' | 'pilot'>, StageMetrics> = {
  download: { kind: 'download', download: { items: [] } },
  convert: {
    kind: 'convert',
    convert: {
      rowsRead: 4,
      rowsKept: 4,
      rowsHeldOut: 0,
      rowsByRule: {},
      rowsDropped: 0,
      droppedRows: [],
      promptTokens: 1,
      responseTokens: 1,
      longest: 2,
      tokenizer: 'characters',
    },
  },
  validate: {
    kind: 'validate',
    validate: {
      rows: 4,
      tokensPerEpoch: 8,
      lengths: { p50: 2, p90: 2, max: 2 },
      shareThatFits: {},
      duplicates: 0,
      emptyFields: 0,
      overlap: {},
    },
  },
  'smoke-train': {
    kind: 'smoke-train',
    train,
    sample: { answers: [], secondsPerToken: 0.01 },
    secondsToReady: 1,
    pace: {
      hostStartSeconds: 0,
      prepareSeconds: 0,
      readySeconds: 1,
      secondsPerStep: 0.5,
      secondsPerBatch: 2,
      batchQuestions: 2,
    },
  },
  'eval-before': evaluate,
  'full-train': { kind: 'full-train', train },
  trace: { kind: 'trace', before: traced, after: traced },
  'eval-after': { ...evaluate, comparison: comparedOf(comparison(suiteComparison())) },
};

export const ARTIFACTS: Partial<
  Record<WorkKind, Record<string, { digest: string; bytes: number }>>
> = {
  download: { base: ref('b'), dataset: ref('c'), tokenizer: ref('d') },
  convert: { dataset: ref('e') },
  'eval-before': { answers: ref('1') },
  'full-train': { model: ref('f') },
  'eval-after': { answers: ref('2') },
  trace: { traces: ref('3') },
};
