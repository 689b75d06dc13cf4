import type { StageConfiguration } from '../contracts/activities.js';
import type { ResolvedPlan } from '../contracts/plan.js';
import { probeQuestions } from '../contracts/probe.js';
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

/** Answers depend neither on the number of shards nor on where a suite's file lies. */
const evaluation: Slice = (plan, { modelFolder }) => {
  const { sampling, batchSize, compile } = plan.evaluation;
  const suites = plan.evaluation.suites.map((suite) =>
    suite.file === undefined ? suite : { ...suite, file: `${suite.name}.jsonl` },
  );
  const compiled = compile === undefined ? {} : { compile };
  const suiteVersions = versionsOf(suites);
  const asked = { suites, sampling, batchSize, suiteVersions, ...compiled };
  const { systemPrompt } = plan.data;
  return { ...asked, systemPrompt, modelFolder, ...compute(plan) };
};

/** The pilot's file is fetched apart, so that the evaluation's suites are the same without one. */
function sources({ base, data, tokenizer, pilot }: ResolvedPlan): StageConfiguration {
  const file = pilot?.suite.file;
  return {
    base,
    dataset: data.source,
    ...(tokenizer ? { tokenizer } : {}),
    ...(file === undefined ? {} : { pilot: { kind: 'file', path: file } }),
  };
}

const SLICES: Readonly<Record<StageName, Slice>> = {
  download: (plan) => ({
    sources: sources(plan),
    suites: plan.evaluation.suites.flatMap(({ name, file }) => (file ? [{ name, file }] : [])),
  }),
  convert: ({ data: { source: _fetched, ...view } }) => view,
  validate: (plan) => ({ suites: plan.evaluation.suites }),
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
