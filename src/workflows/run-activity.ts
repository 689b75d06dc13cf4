import { CancellationScope } from '@temporalio/workflow';
import type { StageInput, StoppedTraining } from '../contracts/activities.js';
import { probeQuestions } from '../contracts/probe.js';
import type { StageOutcome } from '../contracts/outcome.js';
import type { GpuStageName, StageName } from '../contracts/stages.js';
import type { PlanRun } from './plan-run.js';
import { totalSteps } from './policy/quote.js';
import { gpuActivities, prep, reporting, supervision } from './proxies.js';

/** Schedules the stage's activity with a sentence for the UI; a GPU stage has a supervisor beside it. */
export function runActivity(
  run: PlanRun,
  stage: StageName,
  input: StageInput,
): Promise<StageOutcome> {
  const summary = SENTENCES[stage](run);
  switch (stage) {
    case 'download':
      return prep.download.executeWithOptions({ summary }, [input]);
    case 'convert':
      return prep.convert.executeWithOptions({ summary }, [input]);
    case 'validate':
      return prep.validate.executeWithOptions({ summary }, [input]);
    case 'report': {
      const { plan, state, results } = run;
      const told = { plan, state, results, stopped: stoppedTraining(run) };
      return reporting.report.executeWithOptions({ summary }, [{ ...input, ...told }]);
    }
    case 'smoke-train':
    case 'eval-before':
    case 'full-train':
    case 'eval-after':
      return supervised(run, stage, input, summary);
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
} as const;

async function supervised(
  run: PlanRun,
  stage: GpuStageName,
  input: StageInput,
  summary: string,
): Promise<StageOutcome> {
  const activityId = `${stage}-${run.nextActivity()}`;
  const supervisor = new SupervisorScope();
  const { hosts, money, store } = run.plan;
  const totalExpected = stage === 'full-train' ? expectedSeconds(run) : null;
  supervisor.start(() =>
    supervision.superviseStage.executeWithOptions({ summary: `watches ${stage}` }, [
      {
        planId: input.planId,
        stage,
        stageKey: input.stageKey,
        activityId,
        hosts,
        money,
        totalExpected,
        store,
      },
    ]),
  );
  try {
    const activity = gpuActivities(run.plan)[ACTIVITY[stage]];
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

function expectedSeconds(run: PlanRun): number | null {
  return run.state.quote?.trainSeconds ?? null;
}

const rows = (run: PlanRun): number => {
  const metrics = run.results.convert?.metrics;
  return metrics?.kind === 'convert' ? metrics.convert.rowsKept : 0;
};

/** What the UI shows of an activity, at most 400 bytes. */
const SENTENCES: Readonly<Record<StageName, (run: PlanRun) => string>> = {
  download: () => 'fetches base model, tokenizer, data and evaluation questions',
  convert: (run) =>
    `turns rows into documents, view ${run.plan.data.view}, at most ${run.plan.data.maxLength} tokens`,
  validate: () => 'counts, looks for duplicates and for overlap with the evaluation',
  'smoke-train': (run) =>
    `trains ${run.plan.smoke.steps} steps and samples ${probeQuestions(run.plan)} answers, to quote the rest`,
  'eval-before': (run) => `answers ${questions(run)} before the fine-tuning`,
  'full-train': (run) =>
    `trains ${totalSteps(run.plan, rows(run))} steps of ${run.plan.training.documentsPerStep} documents`,
  'eval-after': (run) => `answers ${questions(run)} after the fine-tuning`,
  report: () => 'writes the report',
};

const questions = (run: PlanRun): string =>
  run.plan.evaluation.suites
    .map((suite) => `${suite.questions} questions of ${suite.name}`)
    .join(', ');
