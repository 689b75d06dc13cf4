import type {
  Comparison,
  ComparisonSide,
  SuiteComparison,
} from '../../../src/contracts/comparison.js';
import type { PostMortem } from '../../../src/contracts/journal.js';
import type { SuiteScore } from '../../../src/contracts/metrics.js';
import type { StageMetrics, StageResult } from '../../../src/contracts/outcome.js';
import { PlanState } from '../../../src/contracts/state.js';
import type { StageName } from '../../../src/contracts/stages.js';
import type { Strategies } from '../../../src/contracts/strategies.js';
import { SAMPLING_PRESETS } from '../../../src/contracts/sampling.js';
import type { SampleTrace } from '../../../src/contracts/trace.js';
import type { AnswerRecord, ReportData } from '../../../src/report/report-data.js';
import { sideOf, suiteComparison } from '../../helpers/comparison.js';
import { smallPlan } from '../../helpers/plans.js';

const DIGEST = 'd'.repeat(64);
const AT = '2026-11-24T10:00:00.000Z';
const later = (minutes: number): string =>
  new Date(Date.parse(AT) + 60_000 * minutes).toISOString();
const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i + 1}`);

const side = (correct: number, n: number): ComparisonSide => ({
  ...sideOf(correct, n),
  interval: [Math.max(0, correct / n - 0.03), Math.min(1, correct / n + 0.03)],
  answerTokens: { mean: 151.4, median: 140 },
  firstEos: { answers: n - 4, mean: 150.1, median: 139 },
  empty: 3,
  truncated: 12,
  unreadable: 7,
  unreadableIds: numbered('u', 7),
  secondsPerQuestion: 0.42,
});

export function suiteOf(changes: Partial<SuiteComparison> = {}): SuiteComparison {
  return suiteComparison({
    n: 1319,
    before: side(1041, 1319),
    after: side(1107, 1319),
    difference: 0.05,
    interval: [0.021, 0.079],
    newcombe: [0.02, 0.08],
    p: 0.0004,
    pHolm: 0.0012,
    lists: {
      won: numbered('w', 130),
      lost: numbered('l', 64),
      both: numbered('b', 977),
      neither: numbered('n', 148),
    },
    detectable: 0.025,
    flips: { n: 200, graded: 0.015, text: 0.12 },
    contamination: { questions: [], clean: null },
    diagnosis: [],
    ...changes,
  });
}

const SUITES: SuiteComparison[] = [
  suiteOf(),
  suiteOf({
    suite: 'math500',
    n: 500,
    before: side(200, 500),
    after: side(196, 500),
    difference: -0.008,
    interval: [-0.04, 0.024],
    newcombe: [-0.041, 0.025],
    p: 0.69,
    pHolm: 0.69,
    lists: {
      won: ['3', '5'],
      lost: ['8', '9', '13'],
      both: numbered('b', 194),
      neither: numbered('n', 301),
    },
    detectable: 0.041,
    verdict: 'no distinguishable change',
    subjects: ['Algebra', 'Counting & Probability', 'Geometry'].map((subject, i) => ({
      subject,
      n: 100 + i,
      before: 40 + i,
      after: 39 + i,
      difference: -0.01,
      interval: [-0.1, 0.08] as [number, number],
    })),
    contamination: {
      questions: [{ id: '8', rows: [17, 502], rule: '13-gram' }],
      clean: {
        n: 499,
        before: 0.399,
        after: 0.393,
        difference: -0.006,
        interval: [-0.038, 0.026],
        p: 0.77,
      },
    },
    diagnosis: ['contaminated', 'few-questions'],
    advice: ['trust-clean-score', 'ask-more-questions'],
  }),
  suiteOf({
    suite: 'sudoku',
    n: 50,
    before: side(30, 50),
    after: side(12, 50),
    difference: -0.36,
    interval: [-0.5, -0.22],
    newcombe: [-0.5, -0.2],
    p: 0.0001,
    pHolm: 0.0003,
    lists: {
      won: [],
      lost: numbered('s', 18),
      both: numbered('b', 12),
      neither: numbered('n', 20),
    },
    detectable: 0.15,
    screeningOnly: true,
    flips: null,
    contamination: null,
    verdict: 'worse',
    diagnosis: ['truncated', 'empty', 'unreadable', 'longer', 'within-batch-noise'],
    advice: [
      'raise-canvas',
      'shorten-eos-tail',
      'match-answer-format',
      'compare-at-one-batch-size',
    ],
  }),
];

export const COMPARISON: Comparison = {
  version: 1,
  verdict: 'worse',
  suites: SUITES,
  anchor: {
    n: 200,
    published: 0.66,
    default: 0.79,
    holds: false,
    sentence: 'this harness does not reproduce the published model',
  },
  canvasCheck: {
    canvases: [256, 512, 1024].map((maxNewTokens, i) => ({
      maxNewTokens,
      n: 100,
      score: 0.8 - 0.1 * i,
      empty: 7 * i,
      truncated: 9 - 4 * i,
      meanAnswerTokens: 150.4,
    })),
    overflow: true,
    pEmpty: 0.0001,
  },
  bootstrap: { resamples: 10_000, seed: 0 },
};

const answer = (id: string, correct: boolean, text: string): AnswerRecord => ({
  suite: 'gsm8k',
  id,
  question: `Natalia sold clips to ${id} of her friends <in April>, and half as many in May. How many clips did she sell altogether?`,
  gold: '72',
  answer: text,
  extracted: correct ? '72' : null,
  correct,
});

export const BEFORE = [
  answer('48', false, '48 + 12 = 60'),
  answer('49', false, ''),
  answer('50', true, 'She sold 72. #### 72'),
];
export const AFTER = [
  answer('48', true, '48/2 = 24; 48 + 24 = 72\n#### 72'),
  answer('49', false, 'I `do` not know | really'),
  answer('50', false, 'She sold 50 + 26 = 76.'),
];

/** The tokens of an answer, revealed from the right, each at a step of its own. */
export function traceOf({ question, answer: text }: AnswerRecord): SampleTrace {
  const tokens = text.match(/\S+\s*/g) ?? [];
  const reveals = tokens.map((token, position) => ({
    step: tokens.length - 1 - position,
    position,
    token: position,
    text: token,
    confidence: 0.3 + 0.05 * position,
  }));
  const sizes = { tokens: tokens.length, canvas: 32, steps: tokens.length };
  return { question, answer: text, ...sizes, reveals };
}

export const POST_MORTEM: PostMortem = {
  stage: 'full-train',
  kind: 'host-lost',
  lostToken: 1,
  host: 'autodl-a1',
  noticeSeen: false,
  lastSeenAt: later(70),
  detectedAfterSeconds: 30.4,
  resumedAfterSeconds: 95.2,
  newestStepKnown: 120,
  resumedFromStep: 100,
  stepsLost: 20,
  moneyLostFen: 37,
};

export const STRATEGIES: Strategies = {
  version: 1,
  suite: 'gsm8k',
  suiteVersion: 2,
  questions: { name: 'gsm8k', questions: 200, seed: 0 },
  weightsSha256: DIGEST,
  systemPrompt: null,
  device: 'NVIDIA H100 80GB HBM3',
  strategies: ['published', 'default', 'commit-pass-4'].map((name, i) => ({
    name,
    sampling: SAMPLING_PRESETS.default(256),
    batchSize: 32,
    n: 200,
    correct: 160 - 10 * i,
    score: 0.8 - 0.05 * i,
    interval: [0.74 - 0.05 * i, 0.85 - 0.05 * i] as [number, number],
    unreadable: i,
    empty: 0,
    truncated: 1,
    answerTokens: 30_000,
    meanAnswerTokens: 150,
    seconds: 600 / 9 ** i,
    tokensPerSecond: 50 * 9 ** i,
    forwardsPerAnswer: 256 / 2 ** i,
    stepsPerAnswer: 256,
    forwards: { full: 9, window: 9, commit: 9 },
    settings: `s${i}`,
    againstFirst:
      i === 0
        ? null
        : {
            difference: -0.05 * i,
            interval: [-0.1 * i, 0] as [number, number],
            p: 0.03,
            sameText: 0.5,
          },
  })),
};

function scores(of: 'before' | 'after'): StageMetrics {
  const suites = SUITES.map((one): [string, SuiteScore] => {
    const { correct, score, interval, unreadable } = one[of];
    return [
      one.suite,
      { score, n: one.n, correct, interval, unreadable, meanAnswerTokens: 151.4, seconds: 554 },
    ];
  });
  return {
    kind: 'evaluate',
    evaluate: {
      suites: Object.fromEntries(suites),
      secondsPerQuestion: 0.42,
      answersThisAttempt: 1869,
    },
  };
}

const METRICS: Partial<Record<StageName, StageMetrics>> = {
  convert: {
    kind: 'convert',
    convert: {
      rowsRead: 1000,
      rowsKept: 942,
      rowsHeldOut: 50,
      rowsByRule: { attempt: 942 },
      rowsDropped: 8,
      droppedRows: [3],
      promptTokens: 9,
      responseTokens: 9,
      longest: 2048,
      tokenizer: 'dream',
    },
  },
  validate: {
    kind: 'validate',
    validate: {
      rows: 942,
      tokensPerEpoch: 912_345,
      lengths: { p50: 800, p90: 1600, max: 2048 },
      shareThatFits: { '2048': 1 },
      duplicates: 0,
      emptyFields: 0,
      overlap: { math500: 1 },
    },
  },
  'eval-before': scores('before'),
  'eval-after': scores('after'),
};

const result = (stage: StageName, metrics: StageMetrics): StageResult => ({
  stage,
  stageKey: DIGEST,
  planId: 'example',
  artifacts: {},
  metrics,
  seconds: 60,
  finishedAt: later(200),
});

const STAGES = [
  'download',
  'convert',
  'validate',
  'smoke-train',
  'eval-before',
  'full-train',
  'eval-after',
  'report',
] as const;

const STATE = PlanState.parse({
  planId: 'example',
  title: 'Dream 7B on s1K',
  status: 'running',
  startedAt: AT,
  deadlineAt: later(5 * 24 * 60),
  stages: STAGES.map((name, i) => ({
    name,
    status: 'finished',
    attempts: name === 'full-train' ? 2 : 1,
    seconds: 1200,
    cached: false,
    startedAt: later(20 * i),
    finishedAt: later(20 * (i + 1)),
    message: null,
  })),
  current: null,
  quote: null,
  gate: { status: 'approved', approvedBy: 'a person', at: AT },
  interruptions: [POST_MORTEM],
  spentFen: 4321,
  capFen: 10_000,
  stoppedAtCap: false,
  ticked: { 'masked-diffusion-read': AT },
  failure: null,
});

/** A plan of which everything has happened, so that every section has something to say. */
export async function exampleData(changes: Partial<ReportData> = {}): Promise<ReportData> {
  const plan = await smallPlan('example', ['title=Dream 7B on s1K']);
  const results = Object.entries(METRICS).map(([stage, metrics]) => [
    stage,
    result(stage as StageName, metrics),
  ]);
  return {
    plan,
    state: STATE,
    results: Object.fromEntries(results),
    steps: Array.from({ length: 200 }, (_, i) => ({
      step: i + 1,
      loss: 2 / (1 + i / 20) + 0.1 * Math.sin(i),
      learningRate: 1e-5 * Math.min(1, i / 20),
      gradientNorm: 1 + 0.5 * Math.cos(i),
      tokensPerSecond: 4100 + 50 * Math.sin(i),
    })),
    trained: {
      steps: 200,
      tokens: 1_824_690,
      finalLoss: 0.2814,
      orderHash: DIGEST,
      tokensPerSecond: 4102,
      resumedInexactly: false,
    },
    validation: null,
    dataCheck: {
      histogram: [
        { from: 0, to: 512, rows: 120 },
        { from: 512, to: null, rows: 822 },
      ],
      sample: '<|im_start|>user\n──── ▲ ▼ ────',
    },
    before: BEFORE,
    after: AFTER,
    postMortems: [POST_MORTEM],
    ledger: [
      { type: 'host', host: 'autodl-a1', stage: 'full-train', seconds: 4200, fen: 2000, at: AT },
      { type: 'host', host: 'autodl-b2', stage: 'eval-after', seconds: 4800, fen: 2321, at: AT },
    ] as ReportData['ledger'],
    environment: null,
    comparison: COMPARISON,
    strategies: STRATEGIES,
    traces: { before: BEFORE.map(traceOf), after: AFTER.map(traceOf) },
    notTraced: null,
    notes: [
      {
        text: 'The mirror of the hub was down; took the weights from the bucket.',
        drill: false,
        at: later(5),
      },
    ],
    picks: [],
    backOffs: [{ resource: 'gpu-memory', tokenBudget: 6144, at: later(61) }],
    reasons: [
      {
        path: 'training.learningRate',
        value: '0.00001',
        en: 'As the authors did.',
        zh: '与作者一致。',
      },
    ],
    ...changes,
  };
}
