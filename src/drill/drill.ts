import { loadPlan } from '../cli/plan-file.js';
import type { ResolvedPlan } from '../contracts/plan.js';
import { Arena } from './arena.js';
import type { Fault } from './fault.js';
import { forgetStage } from './forget-stage.js';
import { type Blow, schedule, type Span } from './schedule.js';
import { type Carried, carryTrial } from './trial.js';
import { judge, type TrialResult } from './verdict.js';

export interface DrillOptions {
  readonly home: string;
  readonly planFile: string;
  readonly faults: readonly Fault[];
  readonly trials: number;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly onTrial: (result: TrialResult, seconds: number) => void;
}

export const SPAN: Span = { steps: 300, everySteps: 10 };

/** The tiny plan, small enough to be struck many times, long enough to be caught in its middle. */
const SETTINGS: readonly string[] = [
  `training.steps=${SPAN.steps}`,
  `checkpoints.everySteps=${SPAN.everySteps}`,
  'training.documentsPerStep=32',
  'training.documentsPerMicroBatch=32',
  'data.source.rows=400',
  'smoke.steps=2',
  'hosts.threads=1',
  'evaluation.suites.0.questions=8',
  'evaluation.batchSize=8',
];

/** One straight run, then the same plan struck again and again. */
export async function drill(options: DrillOptions): Promise<TrialResult[]> {
  const arena = await Arena.open(options.home, options.signal);
  try {
    const plan = (id: string): Promise<ResolvedPlan> =>
      loadPlan(options.planFile, { id, settings: SETTINGS });
    const straight = await carryTrial(arena, await plan('straight'), null);
    const results: TrialResult[] = [];
    for (const blow of schedule(options.faults, options.trials, options.seed, SPAN)) {
      await forgetStage(arena.store, straight.stageKey);
      results.push(await strike(arena, await plan(planIdOf(blow)), blow, straight, options));
    }
    return results;
  } finally {
    await arena.close();
  }
}

async function strike(
  arena: Arena,
  plan: ResolvedPlan,
  blow: Blow,
  straight: Carried,
  { onTrial }: DrillOptions,
): Promise<TrialResult> {
  const begun = performance.now();
  const result = judge(blow, straight, await carryTrial(arena, plan, blow));
  onTrial(result, (performance.now() - begun) / 1000);
  return result;
}

const planIdOf = ({ trial, fault }: Blow): string =>
  `trial-${String(trial).padStart(3, '0')}-${fault.name}`;
