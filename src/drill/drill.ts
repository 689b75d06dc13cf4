import { loadPlan } from '../cli/plan-file.js';
import { Arena } from './arena.js';
import { type Carried, carryTrial, type MakePlan } from './carry-trial.js';
import type { Fault } from './fault.js';
import { forgetStage } from './forget-stage.js';
import { type Blow, schedule, type Span } from './schedule.js';
import { brokenOff, judge, type TrialResult } from './verdict.js';

export interface DrillOptions {
  readonly home: string;
  readonly planFile: string;
  readonly faults: readonly Fault[];
  readonly trials: number;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly onStraight?: (seconds: number) => void;
  readonly onTrial: (result: TrialResult, seconds: number) => Promise<void> | void;
}

export const SPAN: Span = { steps: 300, everySteps: 10 };

/** The tiny plan, small enough to be struck many times, long enough to be caught in its middle. */
export const settingsOf = ({ steps, everySteps }: Span): readonly string[] => [
  `training.steps=${steps}`,
  `checkpoints.everySteps=${everySteps}`,
  'training.documentsPerStep=8',
  'training.documentsPerMicroBatch=8',
  'data.source.rows=400',
  'smoke.steps=2',
  'hosts.threads=1',
  'evaluation.suites.0.questions=8',
  'evaluation.batchSize=8',
];

/** One straight run, then the same plan struck again and again. */
export async function drill(options: DrillOptions): Promise<TrialResult[]> {
  const { home, planFile, faults, trials, seed, signal } = options;
  const makePlan: MakePlan = (id, settings) =>
    loadPlan(planFile, { id, settings: [...settingsOf(SPAN), ...settings] });
  const arena = await Arena.open(home, signal);
  const carry = (id: string, blow: Blow | null): Promise<Carried> =>
    carryTrial(arena, makePlan, id, SPAN.everySteps, blow);
  try {
    const begun = performance.now();
    const straight = await carry('straight', null);
    options.onStraight?.(secondsSince(begun));
    const results: TrialResult[] = [];
    for (const blow of schedule(faults, trials, seed, SPAN)) {
      await forgetStage(arena.store, straight.stageKey);
      const struckAt = performance.now();
      const result = await carry(planIdOf(blow), blow).then(
        (struck) => judge(blow, straight, struck),
        (error: unknown) => brokenOff(blow, error),
      );
      results.push(result);
      await options.onTrial(result, secondsSince(struckAt));
    }
    return results;
  } finally {
    await arena.close();
  }
}

const secondsSince = (begun: number): number => (performance.now() - begun) / 1000;

const planIdOf = ({ trial, fault }: Blow): string =>
  `trial-${String(trial).padStart(3, '0')}-${fault.name}`;
