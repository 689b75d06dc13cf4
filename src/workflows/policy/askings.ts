import type { ResolvedPlan } from '../../contracts/plan.js';
import { SAMPLING_PRESETS, type SamplingConfig } from '../../contracts/sampling.js';

type Evaluation = ResolvedPlan['evaluation'];

/** A model asked once; what is asked beside the main evaluation says how far that can be trusted. */
export interface Asking {
  /** Of the artifact that its answers become. */
  readonly name: string;
  readonly evaluation: Evaluation;
}

export const MAIN = 'answers';
export const ANCHOR_PUBLISHED = 'anchor-published';
export const ANCHOR_DEFAULT = 'anchor-default';
export const canvasName = (maxNewTokens: number): string => `canvas-${maxNewTokens}`;

/** Of the model before training: also at another batch size, and as its authors ask it. */
export function askingsBefore({ evaluation }: Pick<ResolvedPlan, 'evaluation'>): Asking[] {
  const { again } = evaluation;
  return [
    { name: MAIN, evaluation },
    ...(again ? [{ name: 'again', evaluation: { ...evaluation, ...again } }] : []),
    ...anchorOf(evaluation),
  ];
}

/** Of the model after training: also on canvases of several sizes. */
export const askingsAfter = ({ evaluation }: Pick<ResolvedPlan, 'evaluation'>): Asking[] => [
  { name: MAIN, evaluation },
  ...canvasesOf(evaluation),
];

/** The same questions under both presets; the published score is one of batches of 1. */
function anchorOf(evaluation: Evaluation): Asking[] {
  const { anchor, suites } = evaluation;
  const gsm8k = suites.find(({ name }) => name === 'gsm8k');
  if (anchor === undefined || gsm8k === undefined) return [];
  const asked = { ...evaluation, suites: [{ ...gsm8k, questions: anchor.questions }] };
  const under = (preset: 'published' | 'default') => SAMPLING_PRESETS[preset](anchor.maxNewTokens);
  const published = { ...asked, sampling: under('published'), batchSize: 1 };
  return [
    { name: ANCHOR_PUBLISHED, evaluation: published },
    { name: ANCHOR_DEFAULT, evaluation: { ...asked, sampling: under('default') } },
  ];
}

function canvasesOf(evaluation: Evaluation): Asking[] {
  const { canvases, sampling, suites } = evaluation;
  const suite = suites.find(({ name }) => name === 'gsm8k') ?? suites[0];
  if (canvases === undefined || suite === undefined) return [];
  const questions = Math.min(canvases.questions, suite.questions);
  return canvases.sizes.map((size) => ({
    name: canvasName(size),
    evaluation: {
      ...evaluation,
      suites: [{ ...suite, questions }],
      sampling: onCanvas(sampling, size),
    },
  }));
}

/** As many steps for each token as before. */
export function onCanvas(sampling: SamplingConfig, maxNewTokens: number): SamplingConfig {
  const { steps, maxNewTokens: canvas } = sampling;
  const scaled = steps === null ? null : Math.max(1, Math.round((steps * maxNewTokens) / canvas));
  return { ...sampling, maxNewTokens, steps: scaled };
}
