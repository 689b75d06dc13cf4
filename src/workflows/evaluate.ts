import type { ArtifactRef } from '../contracts/base.js';
import type { StageResult } from '../contracts/outcome.js';
import type { ResolvedPlan } from '../contracts/plan.js';
import type { StageName } from '../contracts/stages.js';
import { carryOut, type Inputs, type Work, type WorkEnd } from './carry-out.js';
import { artifact, common } from './inputs.js';
import type { PlanRun, TrainedModel } from './plan-run.js';
import { anchorOf } from './policy/anchor.js';
import { type Asking, askingsAfter, askingsBefore, MAIN } from './policy/askings.js';
import { finishStage } from './run-stage.js';
import { questionsOf } from './sentences.js';
import { stageConfiguration } from './stage-configuration.js';

/** The model that was downloaded: its scores, and what tells how far to trust this harness. */
export async function evaluateBefore(run: PlanRun): Promise<WorkEnd> {
  const model = { artifact: artifact(run, 'download', 'base'), folder: '' } as const;
  const asked = await askAll(run, 'eval-before', model, askingsBefore(run.plan));
  if (asked.kind !== 'finished') return asked;
  // Said before anybody pays for a training that these scores could not judge.
  run.apply({ type: 'anchored', anchor: anchorOf(asked.asked) });
  return finishStage(run, 'eval-before', asked);
}

/** The model that training has left: its scores, and what has changed by it. */
export async function evaluateAfter(run: PlanRun, model: TrainedModel): Promise<WorkEnd> {
  const after = await askAll(run, 'eval-after', model, askingsAfter(run.plan));
  if (after.kind !== 'finished') return after;
  const before = run.results['eval-before'];
  const ended: WorkEnd = before ? await compare(run, before, after) : after;
  return ended.kind === 'finished' ? finishStage(run, 'eval-after', ended) : ended;
}

/** What a work of an evaluation is made of, whatever stage asks. */
export const askingWork = (
  plan: ResolvedPlan,
  of: Pick<Work, 'stage' | 'kind' | 'part' | 'inputs' | 'summary'>,
  facts: { readonly startedAt: string; readonly modelFolder: TrainedModel['folder'] },
): Work => ({
  ...of,
  evaluation: plan.evaluation,
  configuration: stageConfiguration(plan, 'eval-before', facts),
});

type Finished = Extract<WorkEnd, { kind: 'finished' }>;
/** With the result of each asking, by its name. */
type AskedAll = Exclude<WorkEnd, Finished> | (Finished & { readonly asked: Results });
type Results = Readonly<Record<string, StageResult>>;

/** One after another; the result is that of the main evaluation, with the answers of all. */
async function askAll(
  run: PlanRun,
  stage: 'eval-before' | 'eval-after',
  { artifact: model, folder: modelFolder }: TrainedModel,
  askings: readonly Asking[],
): Promise<AskedAll> {
  run.stage = stage;
  const asked: Record<string, StageResult> = {};
  let cached = true;
  for (const { name, evaluation } of askings) {
    const plan = { ...run.plan, evaluation };
    const part = name === MAIN ? {} : { part: name };
    const summary = `answers ${questionsOf(plan)} ${sentenceOf(stage, name)}`;
    const inputs = { model, ...common(run) };
    const facts = { startedAt: run.startedAt, modelFolder };
    const work = askingWork(plan, { stage, kind: stage, ...part, inputs, summary }, facts);
    const ended = await carryOut(run, work);
    if (ended.kind !== 'finished') return ended;
    cached &&= ended.cached;
    asked[name] = ended.result;
  }
  const { [MAIN]: main, ...beside } = asked;
  const answers = Object.entries(beside).map(([name, { artifacts }]): [string, ArtifactRef] => [
    name,
    artifacts['answers']!,
  ]);
  const artifacts = { ...main!.artifacts, ...Object.fromEntries(answers) };
  return { kind: 'finished', result: { ...main!, artifacts }, cached, asked };
}

const sentenceOf = (stage: StageName, name: string): string => {
  const when = `${stage === 'eval-before' ? 'before' : 'after'} the fine-tuning`;
  return name === MAIN ? when : `${when}: ${name}`;
};

/** After against before, in one work without a GPU; its result is the stage's. */
async function compare(run: PlanRun, before: StageResult, after: Finished): Promise<WorkEnd> {
  const { answers, run: told, ...canvases } = after.result.artifacts;
  const { answers: first, run: _told, ...beside } = before.artifacts;
  const inputs: Inputs = {
    before: first!,
    after: answers!,
    ...beside,
    ...canvases,
    dataset: artifact(run, 'convert', 'dataset'),
    ...(told ? { run: told } : {}),
  };
  const sizes = run.plan.evaluation.canvases?.sizes ?? [];
  const ended = await carryOut(run, {
    stage: 'eval-after',
    kind: 'compare',
    part: 'compare',
    configuration: { canvases: sizes },
    inputs,
    summary: 'compares the answers after the fine-tuning with those before',
  });
  if (ended.kind !== 'finished') return ended;
  return { ...ended, cached: ended.cached && after.cached };
}
