import { z } from 'zod';

/** What `python -m dream_sft compare --spec FILE` takes: answers files, or folders with one each. */
const answers = z
  .array(z.string().min(1))
  .describe('files answers.jsonl, or folders that hold one; shards in any order');

export const CompareSpec = z.strictObject({
  command: z.literal('compare'),
  runDir: z.string().min(1).describe('logs that people read'),
  threads: z.int().min(1).optional().describe('left alone: nothing here computes long'),
  device: z.enum(['cpu']).default('cpu'),
  before: answers.min(1),
  after: answers.min(1),
  again: answers.default([]).describe('before a second time, at another batch size: A/A flips'),
  anchor: z
    .strictObject({ published: answers.min(1), default: answers.min(1) })
    .nullable()
    .default(null)
    .describe('the same gsm8k questions before, under presets published and default'),
  canvases: z
    .array(z.strictObject({ maxNewTokens: z.int().min(1), answers: answers.min(1) }))
    .default([])
    .describe('the same questions on canvases of several sizes'),
  dataset: z
    .string()
    .nullable()
    .default(null)
    .describe('folder that convert wrote: rows that hold a question are listed'),
  resamples: z.int().min(1000).default(10000).describe('of the bootstrap'),
  seed: z.int().min(0).default(0).describe('of the bootstrap'),
  output: z.string().min(1).describe('folder for comparison.json'),
});

/** Shards of an evaluation as one: answers.jsonl in order, and the scores over all of them. */
export const GatherSpec = z.strictObject({
  command: z.literal('gather'),
  runDir: CompareSpec.shape.runDir,
  threads: CompareSpec.shape.threads,
  device: CompareSpec.shape.device,
  answers: answers.min(1),
  questions: z
    .record(z.string(), z.int().min(1))
    .nullable()
    .default(null)
    .describe('suite → answers that there must be; null: as many as there are'),
  output: z.string().min(1).describe('folder for answers.jsonl and scores.json'),
});

const Count = z.int().min(0);
const Share = z.number().min(0).max(1);
const Interval = z.tuple([z.number(), z.number()]).describe('95 %');
const Ids = z.array(z.string()).describe('ids of questions');

export const VERDICTS = ['better', 'worse', 'no distinguishable change'] as const;
export const Verdict = z.enum(VERDICTS);
export type Verdict = z.infer<typeof Verdict>;

export const Diagnosis = z.enum([
  'truncated',
  'empty',
  'unreadable',
  'longer',
  'contaminated',
  'few-questions',
  'within-batch-noise',
]);
export type Diagnosis = z.infer<typeof Diagnosis>;

export const Advice = z.enum([
  'raise-canvas',
  'shorten-eos-tail',
  'match-answer-format',
  'lower-learning-rate',
  'trust-clean-score',
  'ask-more-questions',
  'compare-at-one-batch-size',
]);
export type Advice = z.infer<typeof Advice>;

const Side = z.strictObject({
  correct: Count,
  score: Share,
  interval: Interval.describe('Wilson, 95 %'),
  answerTokens: z.strictObject({ mean: z.number(), median: z.number() }),
  firstEos: z
    .strictObject({ answers: Count, mean: z.number(), median: z.number() })
    .nullable()
    .describe('canvas position of the first end token, of answers that have one; null: none has'),
  empty: Count.describe('answers that are end tokens only'),
  truncated: Count.describe('answers that the canvas ended'),
  unreadable: Count.describe('counted as wrong'),
  unreadableIds: Ids,
  secondsPerQuestion: z.number(),
});
export type ComparisonSide = z.infer<typeof Side>;

const Contamination = z.strictObject({
  questions: z.array(
    z.strictObject({
      id: z.string(),
      rows: z.array(z.int()).describe('numbers of training rows that hold it'),
      rule: z.enum(['exact', '8-gram', '13-gram']),
    }),
  ),
  clean: z
    .strictObject({
      n: Count,
      before: Share,
      after: Share,
      difference: z.number(),
      interval: Interval,
      p: Share,
    })
    .nullable()
    .describe('without those questions; null: none is left'),
});

export const SuiteComparison = z.strictObject({
  suite: z.string(),
  version: z.int(),
  n: z.int().min(1),
  before: Side,
  after: Side,
  difference: z.number().min(-1).max(1).describe('after − before, as a share'),
  interval: Interval.describe('paired bootstrap, 95 %'),
  newcombe: Interval.describe('square-and-add, 95 %: holds where few answers changed'),
  p: Share.describe('exact McNemar on discordant pairs, two-sided'),
  pHolm: Share.describe('the same, adjusted over the suites of this comparison'),
  lists: z.strictObject({ won: Ids, lost: Ids, both: Ids, neither: Ids }),
  detectable: Share.describe('smallest difference that so many questions show 4 times out of 5'),
  screeningOnly: z.boolean().describe('50 questions or fewer'),
  flips: z
    .strictObject({
      n: z.int().min(1),
      graded: Share.describe('questions graded otherwise at the other batch size'),
      text: Share.describe('questions answered otherwise, word for word'),
    })
    .nullable(),
  subjects: z.array(
    z.strictObject({
      subject: z.string(),
      n: z.int().min(1),
      before: Count.describe('right'),
      after: Count.describe('right'),
      difference: z.number(),
      interval: Interval.describe('square-and-add, 95 %, not adjusted for several subjects'),
    }),
  ),
  contamination: Contamination.nullable().describe('null: no training data was named'),
  verdict: Verdict,
  diagnosis: z.array(Diagnosis),
  advice: z.array(Advice),
});
export type SuiteComparison = z.infer<typeof SuiteComparison>;

const Anchor = z.strictObject({
  n: z.int().min(1),
  published: Share,
  default: Share,
  holds: z.boolean(),
  sentence: z.string().nullable().describe('opens the report when the anchor does not hold'),
});

const CanvasCheck = z.strictObject({
  canvases: z.array(
    z.strictObject({
      maxNewTokens: z.int(),
      n: z.int().min(1),
      score: Share,
      empty: Count,
      truncated: Count,
      meanAnswerTokens: z.number(),
    }),
  ),
  overflow: z.boolean().describe('a larger canvas gives clearly more empty answers'),
  pEmpty: Share.describe('exact McNemar of empty answers, smallest against largest canvas'),
});

/** <output>/comparison.json */
export const Comparison = z.strictObject({
  version: z.literal(1),
  verdict: Verdict.describe('worse if any suite is; else better if any is'),
  suites: z.array(SuiteComparison).min(1),
  anchor: Anchor.nullable(),
  canvasCheck: CanvasCheck.nullable(),
  bootstrap: z.strictObject({ resamples: z.int(), seed: z.int() }),
});
export type Comparison = z.infer<typeof Comparison>;

export const CompareMetrics = z.strictObject({
  verdict: Verdict,
  suites: z.record(
    z.string(),
    z.strictObject({ verdict: Verdict, difference: z.number(), pHolm: Share }),
  ),
});
