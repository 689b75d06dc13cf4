import type { StageConfiguration } from '../contracts/activities.js';
import type { ResolvedPlan } from '../contracts/plan.js';
import { probeQuestions } from '../contracts/probe.js';
import type { StageName } from '../contracts/stages.js';

/** Facts of this run that a stage depends on and the plan does not hold. */
export interface StageFacts {
  readonly startedAt: string;
  /** Where the weights lie in the artifact `model`: a checkpoint keeps them in a folder. */
  readonly modelFolder: '' | 'model';
}

/** The slice of a plan that a stage depends on; schemas in contracts/stage-configuration.ts. */
export function stageConfiguration(
  plan: ResolvedPlan,
  stage: StageName,
  facts: StageFacts,
): StageConfiguration {
  const { data, evaluation, training, smoke } = plan;
  const { source, ...view } = data;
  const { threads } = plan.hosts;
  const compute = { device: plan.hosts.device, ...(threads === undefined ? {} : { threads }) };
  const { systemPrompt } = view;
  switch (stage) {
    case 'download': {
      const sources = { base: plan.base, dataset: source };
      return {
        sources: plan.tokenizer ? { ...sources, tokenizer: plan.tokenizer } : sources,
        suites: evaluation.suites.flatMap(({ name, file }) => (file ? [{ name, file }] : [])),
      };
    }
    case 'convert':
      return { ...view };
    case 'validate':
      return { suites: evaluation.suites };
    case 'smoke-train':
      return {
        training,
        stopAfterSteps: smoke.steps,
        questions: probeQuestions(plan),
        sampling: evaluation.sampling,
        systemPrompt,
        ...compute,
      };
    case 'full-train':
      return { training, checkpoints: plan.checkpoints, ...compute };
    case 'eval-before':
    case 'eval-after':
      return { ...evaluation, systemPrompt, modelFolder: facts.modelFolder, ...compute };
    case 'report':
      return {
        planId: plan.id,
        title: plan.title,
        language: plan.language,
        startedAt: facts.startedAt,
      };
  }
}
