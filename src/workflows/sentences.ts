import type { ResolvedPlan } from '../contracts/plan.js';
import { probeQuestions } from '../contracts/probe.js';
import type { StageName } from '../contracts/stages.js';
import type { PlanRun } from './plan-run.js';
import { totalSteps } from './policy/quote.js';

/** What the UI shows of a stage's activity, at most 400 bytes. */
export const sentenceFor = (run: PlanRun, stage: StageName): string =>
  SENTENCES[stage]?.(run) ?? stage;

/** Rows that convert kept, of the view that is trained on. */
export function rowsKept(run: PlanRun): number {
  const metrics = run.known.convert?.metrics;
  return metrics?.kind === 'convert' ? metrics.convert.rowsKept : 0;
}

export const convertSentence = ({ data }: ResolvedPlan): string =>
  `turns rows into documents, view ${data.view}, at most ${data.maxLength} tokens`;

export const trainSentence = (plan: ResolvedPlan, rows: number): string =>
  `trains ${totalSteps(plan, rows)} steps of ${plan.training.documentsPerStep} documents`;

export const questionsOf = ({ evaluation }: ResolvedPlan): string =>
  evaluation.suites.map((suite) => `${suite.questions} questions of ${suite.name}`).join(', ');

export const VALIDATE_SENTENCE = 'counts, looks for duplicates and for overlap with the evaluation';

const SENTENCES: Readonly<Partial<Record<StageName, (run: PlanRun) => string>>> = {
  download: () => 'fetches base model, tokenizer, data and evaluation questions',
  convert: ({ plan }) => convertSentence(plan),
  validate: () => VALIDATE_SENTENCE,
  'smoke-train': ({ plan }) =>
    `trains ${plan.smoke.steps} steps and samples ${probeQuestions(plan)} answers, to quote the rest`,
  'full-train': (run) => trainSentence(run.settings, rowsKept(run)),
  report: () => 'writes the report',
};
