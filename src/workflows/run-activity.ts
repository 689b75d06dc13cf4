import type { StageInput, StoppedTraining } from '../contracts/activities.js';
import type { StageOutcome } from '../contracts/outcome.js';
import type { Work } from './carry-out.js';
import type { PlanRun } from './plan-run.js';
import { gpuActivities, prep, reporting, tracing } from './proxies.js';
import { supervised } from './supervised.js';

/** Schedules a work's activity with a sentence for the UI; on a GPU it has a supervisor beside it. */
export async function runActivity(
  run: PlanRun,
  work: Work,
  input: StageInput,
): Promise<StageOutcome> {
  const { kind, summary } = work;
  switch (kind) {
    case 'download':
      return prep.download.executeWithOptions({ summary }, [input]);
    case 'convert':
      return prep.convert.executeWithOptions({ summary }, [input]);
    case 'validate':
      return prep.validate.executeWithOptions({ summary }, [input]);
    case 'compare':
      return prep.compare.executeWithOptions({ summary }, [input]);
    case 'report': {
      const { settings: plan, state, known: results, notTraced } = run;
      const of = { plan, state, results, stopped: stoppedTraining(run), notTraced };
      const told = { ...of, chains: [...run.chains] };
      return reporting.report.executeWithOptions({ summary }, [{ ...input, ...told }]);
    }
    case 'smoke-train':
    case 'full-train':
    case 'trace':
      return onHost(run, work, input);
    case 'eval-before':
    case 'eval-after':
    case 'pilot':
      throw new Error(`${kind} is carried out in parts`);
  }
}

const ACTIVITY = {
  'smoke-train': 'smokeTrain',
  'full-train': 'fullTrain',
  trace: 'traceCases',
} as const;

async function onHost(run: PlanRun, work: Work, input: StageInput): Promise<StageOutcome> {
  const { stage, kind, summary } = work;
  const { stageKey } = input;
  const proxies = kind === 'trace' ? tracing(run.plan) : gpuActivities(run.plan);
  const activity = proxies[ACTIVITY[kind as keyof typeof ACTIVITY]];
  const start = (id: { readonly activityId: string }): Promise<StageOutcome> =>
    activity.executeWithOptions({ ...id, summary }, [input]);
  const [outcome] = await supervised(run, stage, stageKey, [{ stageKey, start }]);
  return outcome!;
}

function stoppedTraining(run: PlanRun): StoppedTraining | null {
  if (run.results['full-train'] || !run.trained || !run.trainedSoFar) return null;
  return { checkpoint: run.trained.artifact, training: run.trainedSoFar };
}
