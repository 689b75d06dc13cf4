import type {
  Comparison,
  ComparisonSide,
  SuiteComparison,
} from '../../src/contracts/comparison.js';

export const sideOf = (correct: number, n: number): ComparisonSide => ({
  correct,
  score: correct / n,
  interval: [0, 1],
  answerTokens: { mean: 10, median: 10 },
  firstEos: null,
  empty: 0,
  truncated: 0,
  unreadable: 0,
  unreadableIds: [],
  secondsPerQuestion: 0.1,
});

/** 40 right answers of 200, then 60, as compare tells it. */
export const suiteComparison = (changes: Partial<SuiteComparison> = {}): SuiteComparison => ({
  suite: 'gsm8k',
  version: 2,
  n: 200,
  before: sideOf(40, 200),
  after: sideOf(60, 200),
  difference: 0.1,
  interval: [0.031, 0.169],
  newcombe: [0.03, 0.17],
  p: 0.0062,
  pHolm: 0.0124,
  lists: { won: ['1'], lost: [], both: [], neither: [] },
  detectable: 0.064,
  screeningOnly: false,
  flips: null,
  subjects: [],
  contamination: null,
  verdict: 'better',
  diagnosis: ['longer'],
  advice: [],
  ...changes,
});

export const comparison = (...suites: SuiteComparison[]): Comparison => ({
  version: 1,
  verdict: suites[0]!.verdict,
  suites,
  anchor: null,
  canvasCheck: null,
  bootstrap: { resamples: 10_000, seed: 0 },
});
