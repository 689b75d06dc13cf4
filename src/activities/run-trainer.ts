import { Context } from '@temporalio/activity';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TrainerEvent } from '../contracts/events.js';
import type { RunSpecInput } from '../contracts/run-spec.js';
import { cancellationReason } from './cancellation.js';
import { timingOf, type StageDeps, type TrainerExit, type TrainerProcess } from './deps.js';
import { HangWatch } from './hang-watch.js';
import type { Heartbeat } from './heartbeat.js';
import type { Reason } from './judge-exit.js';
import { afterEvent, afterLine } from './progress-of.js';

export interface TrainerRun {
  readonly spec: RunSpecInput;
  readonly workFolder: string;
  readonly heartbeat: Heartbeat;
  readonly onEvent: (event: TrainerEvent) => void;
  /** Aborted when a newer attempt has taken over. */
  readonly superseded: AbortSignal;
  /** Commands that only end by themselves are killed on a stop at once. */
  readonly stoppable: boolean;
}

export interface TrainerEnd {
  readonly exit: TrainerExit;
  readonly reason: Reason | null;
}

const NEVER_STARTED: TrainerExit = {
  code: null,
  signal: null,
  lastError: null,
  result: null,
  logTail: [],
};

/** Starts the trainer, shows what it says, and ends it when the attempt must end. Never rejects. */
export async function runTrainer(deps: StageDeps, run: TrainerRun): Promise<TrainerEnd> {
  const early = reasonNow(run);
  if (early) return { exit: NEVER_STARTED, reason: early };
  await mkdir(run.spec.runDir, { recursive: true });
  const specPath = join(run.workFolder, `${run.spec.command}.json`);
  await writeFile(specPath, `${JSON.stringify(run.spec, null, 2)}\n`);
  const hang = new HangWatch(timingOf(deps));
  const trainer = deps.startTrainer({
    python: deps.python,
    trainerFolder: deps.trainerFolder,
    specPath,
    command: run.spec.command,
    cwd: run.workFolder,
    logFile: join(run.spec.runDir, 'trainer-output.log'),
    onEvent: (event) => {
      hang.saw(event);
      const usual = hang.usual();
      run.heartbeat.shown = afterEvent(run.heartbeat.shown, event, usual && usual / 1000);
      run.onEvent(event);
    },
    onLogLine: (line) => {
      run.heartbeat.shown = afterLine(run.heartbeat.shown, line);
    },
  });
  run.heartbeat.show({ phase: 'starting', trainerPid: trainer.pid });
  const ender = endWhenAsked(deps, run, trainer, hang);
  const exit = await trainer.exited;
  ender.dispose();
  run.heartbeat.show({ trainerPid: null });
  return { exit, reason: ender.reason() };
}

function reasonNow(run: TrainerRun): Reason | null {
  if (run.superseded.aborted) return 'superseded';
  return Context.current().cancellationSignal.aborted ? cancellationReason() : null;
}

/** Turns cancellation, supersession and silence into signals to the trainer; the first one counts. */
function endWhenAsked(
  deps: StageDeps,
  run: TrainerRun,
  trainer: TrainerProcess,
  hang: HangWatch,
): { reason: () => Reason | null; dispose: () => void } {
  const timing = timingOf(deps);
  const { cancellationSignal } = Context.current();
  const timers: NodeJS.Timeout[] = [];
  let reason: Reason | null = null;
  const kill = (why: Reason): void => {
    reason = why;
    trainer.kill();
  };
  const stop = (): void => {
    reason ??= cancellationReason();
    if (!run.stoppable) return trainer.kill();
    trainer.stop();
    const inHaste = reason !== 'cancel-requested' && reason !== 'activity-paused';
    timers.push(setTimeout(() => trainer.kill(), inHaste ? timing.shutdownMs : timing.stopMs));
  };
  const supersede = (): void => kill('superseded');
  cancellationSignal.addEventListener('abort', stop, { once: true });
  run.superseded.addEventListener('abort', supersede, { once: true });
  const watch = (): void => {
    if (reason === null && hang.hangs()) kill('hung');
  };
  timers.push(setInterval(watch, Math.min(1000, timing.beatMs)));
  return {
    reason: () => reason,
    dispose: () => {
      timers.forEach((timer) => clearTimeout(timer));
      cancellationSignal.removeEventListener('abort', stop);
      run.superseded.removeEventListener('abort', supersede);
    },
  };
}
