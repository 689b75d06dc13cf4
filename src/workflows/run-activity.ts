import { CancellationScope } from '@temporalio/workflow';
import type { StageInput, StoppedTraining } from '../contracts/activities.js';
import type { StageOutcome } from '../contracts/outcome.js';
import type { Work } from './carry-out.js';
import type { PlanRun } from './plan-run.js';
import { moneyFor } from './policy/pilot.js';
import { gpuActivities, prep, reporting, supervision, tracing } from './proxies.js';

/** Schedules a work's activity with a sentence for the UI; on a GPU it has a supervisor beside it. */
export function runActivity(run: PlanRun, work: Work, input: StageInput): Promise<StageOutcome> {
  const { kind, summary } = work;
  switch (kind) {
    case 'download':
      return prep.download.executeWithOptions({ summary }, [input]);
    case 'convert':
      return prep.convert.executeWithOptions({ summary }, [input]);
    case 'validate':
      return prep.validate.executeWithOptions({ summary }, [input]);
    case 'report': {
      const { settings: plan, state, known: results } = run;
      const { notTraced } = run;
      const told = { plan, state, results, stopped: stoppedTraining(run), notTraced };
      return reporting.report.executeWithOptions({ summary }, [{ ...input, ...told }]);
    }
    case 'smoke-train':
    case 'eval-before':
    case 'full-train':
    case 'eval-after':
    case 'trace':
      return supervised(run, work as GpuWork, input);
    case 'pilot':
      throw new Error('a pilot is carried out as works of other kinds');
  }
}

function stoppedTraining(run: PlanRun): StoppedTraining | null {
  if (run.results['full-train'] || !run.trained || !run.trainedSoFar) return null;
  return { checkpoint: run.trained.artifact, training: run.trainedSoFar };
}

const ACTIVITY = {
  'smoke-train': 'smokeTrain',
  'full-train': 'fullTrain',
  'eval-before': 'evaluate',
  'eval-after': 'evaluate',
  trace: 'traceCases',
} as const;

type GpuWork = Work & { readonly kind: keyof typeof ACTIVITY };

async function supervised(
  run: PlanRun,
  { stage, kind, summary }: GpuWork,
  input: StageInput,
): Promise<StageOutcome> {
  const activityId = `${stage}-${run.nextActivity()}`;
  const { planId, stageKey } = input;
  const { hosts, store } = run.plan;
  const { quote } = run.state;
  const money = moneyFor(stage, run.plan, quote);
  const totalExpected = stage === 'full-train' ? (quote?.trainSeconds ?? null) : null;
  const watched = { planId, stage, stageKey, activityId, hosts, money, totalExpected, store };
  const supervisor = new SupervisorScope();
  run.hostsOut = true;
  supervisor.start(() =>
    supervision.superviseStage.executeWithOptions({ summary: `watches ${stage}` }, [watched]),
  );
  try {
    const proxies = kind === 'trace' ? tracing(run.plan) : gpuActivities(run.plan);
    const activity = proxies[ACTIVITY[kind]];
    return await activity.executeWithOptions({ activityId, summary }, [input]);
  } finally {
    await supervisor.end();
  }
}

/** A cancelled plan must not take the supervisor away while the stage writes its last checkpoint. */
class SupervisorScope {
  #scope: CancellationScope | null = null;
  #done: Promise<void> = Promise.resolve();

  start(supervise: () => Promise<void>): void {
    void CancellationScope.nonCancellable(async () => {
      this.#scope = new CancellationScope();
      this.#done = this.#scope.run(supervise).catch(() => undefined);
    });
  }

  async end(): Promise<void> {
    this.#scope?.cancel();
    await CancellationScope.nonCancellable(() => this.#done);
  }
}
