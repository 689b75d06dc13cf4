import type { StageConfiguration } from '../contracts/activities.js';
import type { ResolvedPlan } from '../contracts/plan.js';
import type {
  ConvertConfiguration,
  DownloadConfiguration,
  EvalConfiguration,
  FullTrainConfiguration,
  ReportConfiguration,
  SmokeTrainConfiguration,
  ValidateConfiguration,
} from '../contracts/stage-configuration.js';
import type { StageName } from '../contracts/stages.js';

/** What a stage depends on beside the plan: it is known only while the plan runs. */
export interface StageContext {
  readonly startedAt: string;
  /** Folder of the artifact `model` that eval-after evaluates. */
  readonly modelFolder: '' | 'model';
}

/** The slice of the plan that goes into the stage's key and to its activity. */
export function stageConfiguration(
  plan: ResolvedPlan,
  stage: StageName,
  context: StageContext,
): StageConfiguration {
  switch (stage) {
    case 'download':
      return download(plan);
    case 'convert': {
      const { source: _, ...view } = plan.data;
      return view satisfies ConvertConfiguration;
    }
    case 'validate':
      return { suites: plan.evaluation.suites } satisfies ValidateConfiguration;
    case 'smoke-train':
      return smokeTrain(plan);
    case 'full-train':
      return fullTrain(plan);
    case 'eval-before':
      return evaluation(plan, '');
    case 'eval-after':
      return evaluation(plan, context.modelFolder);
    case 'report': {
      const { id: planId, title, language } = plan;
      const { startedAt } = context;
      return { planId, title, language, startedAt } satisfies ReportConfiguration;
    }
  }
}

function compute({ hosts }: ResolvedPlan) {
  const { device, threads } = hosts;
  return threads === undefined ? { device } : { device, threads };
}

function download({ base, tokenizer, data, evaluation: { suites } }: ResolvedPlan) {
  const sources = { base, dataset: data.source };
  const files = suites.flatMap(({ name, file }) => (file === undefined ? [] : [{ name, file }]));
  return {
    sources: tokenizer === undefined ? sources : { ...sources, tokenizer },
    suites: files,
  } satisfies DownloadConfiguration;
}

function smokeTrain(plan: ResolvedPlan) {
  return {
    training: plan.training,
    stopAfterSteps: plan.smoke.steps,
    questions: plan.smoke.questions,
    sampling: plan.evaluation.sampling,
    systemPrompt: plan.data.systemPrompt,
    ...compute(plan),
  } satisfies SmokeTrainConfiguration;
}

function fullTrain(plan: ResolvedPlan) {
  const { training, checkpoints } = plan;
  return { training, checkpoints, ...compute(plan) } satisfies FullTrainConfiguration;
}

function evaluation(plan: ResolvedPlan, modelFolder: '' | 'model') {
  const { suites, sampling, batchSize } = plan.evaluation;
  return {
    suites,
    sampling,
    batchSize,
    systemPrompt: plan.data.systemPrompt,
    modelFolder,
    ...compute(plan),
  } satisfies EvalConfiguration;
}
