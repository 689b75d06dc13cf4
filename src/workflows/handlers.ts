import type { UpdateDefinition } from '@temporalio/common';
import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import {
  approveUpdate,
  pauseUpdate,
  resumeUpdate,
  retryFromUpdate,
  stageNewsSignal,
  stateQuery,
  tickUpdate,
} from '../contracts/messages.js';
import { type StageName, stagesOf } from '../contracts/stages.js';
import { hasEnded, type StageNews } from '../contracts/state.js';
import { tickRefusal } from './policy/checklist.js';
import { mustStop } from './policy/money.js';
import { moneyFor } from './policy/pilot.js';
import { stageOf } from './policy/stage-state.js';
import type { PlanRun } from './plan-run.js';

/** An update that answers with one line; `refusal` is why it may not happen now, synchronously. */
function onUpdate<A>(
  definition: UpdateDefinition<string, [A?]>,
  refusal: (argument: A | undefined) => string | null,
  act: (argument: A | undefined) => string,
): void {
  setHandler<string, [argument?: A | undefined], UpdateDefinition<string, [A?]>>(definition, act, {
    validator: (argument?: A) => {
      const reason = refusal(argument);
      if (reason === null) return;
      const failure = ApplicationFailure.nonRetryable(reason, 'Refused');
      failure.stack = '';
      throw failure;
    },
  });
}

/** Evaluations are paid from what these leave. */
const TRAINS: ReadonlySet<StageName> = new Set(['pilot', 'full-train']);

const STOPPING = 'the running stage is about to stop already';

/** First thing in the workflow: messages may come before its first await is done. */
export function registerHandlers(run: PlanRun): void {
  setHandler(stateQuery, () => run.state);
  setHandler(stageNewsSignal, (news) => hear(run, news));
  handleApproval(run);
  onUpdate(
    tickUpdate,
    (argument) => tickRefusal(run.state, argument?.item),
    (argument) => {
      run.apply({ type: 'ticked', item: argument?.item ?? '' });
      return `${argument?.item} is ticked`;
    },
  );
  handlePauses(run);
  handleRetry(run);
}

function hear(run: PlanRun, news: StageNews): void {
  // A supervisor of an older generation may still have something to say.
  if (run.stageKeys.get(news.stage) !== news.stageKey) return;
  run.apply({ type: 'news', news });
  const money = moneyFor(news.stage, run.plan, run.state.quote);
  const over = news.capReached || mustStop(run.plan, money, run.state.spentFen);
  const running = stageOf(run.state, news.stage).status === 'running';
  if (TRAINS.has(news.stage) && over && running && run.intent === null) {
    run.interrupt({ kind: 'cap' });
  }
}

function handleApproval(run: PlanRun): void {
  onUpdate(
    approveUpdate,
    () => {
      if (run.state.gate.status === 'approved') return 'the quote is approved already';
      return run.state.status === 'awaiting-approval' ? null : 'there is no quote to approve yet';
    },
    (argument) => {
      run.apply({ type: 'approved', by: argument?.by ?? 'the Temporal UI' });
      return `${run.plan.id} is approved`;
    },
  );
}

function handlePauses(run: PlanRun): void {
  onUpdate(
    pauseUpdate,
    () => {
      const { status } = run.state;
      if (status !== 'running') return `only a running plan can be paused; this one is ${status}`;
      return run.intent === null ? null : STOPPING;
    },
    () => {
      const stage = run.state.stages.find(({ status }) => status === 'running')?.name ?? null;
      run.apply({ type: 'pauseRequested', stage });
      run.interrupt({ kind: 'pause' });
      return stage ? `${stage} stops after a checkpoint` : 'the plan pauses before its next stage';
    },
  );
  onUpdate(
    resumeUpdate,
    () => {
      const { status } = run.state;
      return status === 'paused' ? null : `only a paused plan can go on; this one is ${status}`;
    },
    () => {
      run.apply({ type: 'resumed' });
      return `${run.plan.id} goes on`;
    },
  );
}

function handleRetry(run: PlanRun): void {
  onUpdate(
    retryFromUpdate,
    (argument) => {
      const stage: StageName | undefined = argument?.stage;
      const stages = stagesOf(run.plan);
      if (stage === undefined || !stages.includes(stage)) {
        return `say from which stage: ${stages.join(', ')}`;
      }
      if (hasEnded(run.state.status)) return `the plan is ${run.state.status} already`;
      if (run.intent !== null) return STOPPING;
      return stageOf(run.state, stage).status === 'waiting' ? `${stage} has not begun yet` : null;
    },
    (argument) => {
      const to = argument?.stage ?? 'download';
      run.interrupt({ kind: 'go-back', to });
      return `${run.plan.id} goes back to ${to}`;
    },
  );
}
