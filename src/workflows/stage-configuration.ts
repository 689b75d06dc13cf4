import type { StageConfiguration } from '../contracts/activities.js';
import type { ResolvedPlan } from '../contracts/plan.js';
import { probeQuestions } from '../contracts/probe.js';
import type { PlanSuite, SuiteConfig } from '../contracts/sampling.js';
import type { Source } from '../contracts/source.js';
import type { StageName } from '../contracts/stages.js';
import { versionsOf } from '../contracts/suites.js';

/** Facts of this run that a stage depends on and the plan does not hold. */
export interface StageFacts {
  readonly startedAt: string;
  /** Where the weights lie in the artifact `model`: a checkpoint keeps them in a folder. */
  readonly modelFolder: '' | 'model';
}

type Slice = (plan: ResolvedPlan, facts: StageFacts) => StageConfiguration;

/** The slice of a plan that a stage depends on; schemas in contracts/stage-configuration.ts. */
export const stageConfiguration = (
  plan: ResolvedPlan,
  stage: StageName,
  facts: StageFacts,
): StageConfiguration => SLICES[stage](plan, facts);

function compute({ hosts: { device, threads } }: ResolvedPlan): StageConfiguration {
  return { device, ...(threads === undefined ? {} : { threads }) };
}

/** Where a plan's suite comes from; null for one that is drawn. */
function sourceOf({ file, source }: PlanSuite): Source | null {
  return source ?? (file === undefined ? null : { kind: 'file', path: file });
}

/** Its file is an input, which goes by digest; here it stands for there being one. */
const asked = ({ source, ...suite }: PlanSuite): SuiteConfig =>
  sourceOf({ ...suite, source }) === null ? suite : { ...suite, file: `${suite.name}.jsonl` };

/** Answers depend neither on the number of shards nor on where a suite's file lies. */
const evaluation: Slice = (plan, { modelFolder }) => {
  const { sampling, batchSize, compile } = plan.evaluation;
  const suites = plan.evaluation.suites.map(asked);
  const compiled = compile === undefined ? {} : { compile };
  const suiteVersions = versionsOf(suites);
  const { systemPrompt } = plan.data;
  const settings = { sampling, batchSize, suiteVersions, ...compiled, systemPrompt, modelFolder };
  return { suites, ...settings, ...compute(plan) };
};

/** The pilot's file is fetched apart, so that the evaluation's suites are the same without one. */
function sources({ base, data, tokenizer, pilot }: ResolvedPlan): StageConfiguration {
  const questions = pilot === undefined ? null : sourceOf(pilot.suite);
  return {
    base,
    dataset: data.source,
    ...(tokenizer ? { tokenizer } : {}),
    ...(questions === null ? {} : { pilot: questions }),
  };
}

const SLICES: Readonly<Record<StageName, Slice>> = {
  download: (plan) => ({
    sources: sources(plan),
    suites: plan.evaluation.suites.flatMap((suite) => {
      const source = sourceOf(suite);
      return source === null ? [] : [{ name: suite.name, source }];
    }),
  }),
  convert: ({ data: { source: _fetched, ...view } }) => view,
  validate: (plan) => ({ suites: plan.evaluation.suites.map(asked) }),
  'smoke-train': (plan) => ({
    training: plan.training,
    stopAfterSteps: plan.smoke.steps,
    questions: probeQuestions(plan),
    sampling: plan.evaluation.sampling,
    systemPrompt: plan.data.systemPrompt,
    ...compute(plan),
  }),
  'eval-before': evaluation,
  pilot: () => ({}),
  'full-train': (plan) => ({
    training: plan.training,
    checkpoints: plan.checkpoints,
    // On a host the base lies in a folder that nobody else can open.
    ...(plan.base.kind === 'hub' ? { baseName: plan.base.repo } : {}),
    ...compute(plan),
  }),
  'eval-after': evaluation,
  report: (plan, { startedAt }) => ({
    planId: plan.id,
    title: plan.title,
    language: plan.language,
    startedAt,
  }),
};
