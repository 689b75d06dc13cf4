import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TrainerEvent } from '../../contracts/events.js';
import type { RunSpecInput } from '../../contracts/run-spec.js';
import type { TrainerExit, TrainerProcess } from '../../processes/trainer.js';
import { type StageTiming, timingOf, type StageDeps } from '../deps.js';
import { Alarm } from './alarm.js';
import type { LeaveDecision } from './leave-decision.js';
import type { Reason } from '../judge-exit.js';
import type { Beat } from './beat.js';
import type { Orders } from './orders.js';
import { isSilent, timingWith } from './patience.js';

export interface TrainerRun {
  readonly exit: TrainerExit;
  /** Why we ended it; null when it ended by itself. */
  readonly reason: Reason | null;
  /** What it said before exit 69. */
  readonly budget: Budget | null;
}

type Budget = Omit<Extract<TrainerEvent, { type: 'budget' }>, 'type'>;

/** What a run tells of itself while it goes. */
export type TrainerBeat = Pick<Beat, 'set' | 'line' | 'see' | 'pace'>;

export interface RunOptions {
  readonly folder: string;
  readonly runDir: string;
  readonly spec: RunSpecInput;
  readonly beat: TrainerBeat;
  readonly onEvent: (event: TrainerEvent) => void;
}

/** One trainer process from start to end, ended early by a cancellation, a hang, or `supersede`. */
export class TrainerRunner {
  #process: TrainerProcess | null = null;
  #reason: Reason | null = null;

  constructor(
    private readonly deps: StageDeps,
    private readonly orders: Orders,
    /** Asked when the host is about to go, and again when that becomes sooner. */
    private readonly leave: () => LeaveDecision = () => ({
      last: 'stage',
      trainerSeconds: timingOf(deps).shutdownMs / 1000,
    }),
  ) {}

  /** A newer attempt publishes now: nothing this one does counts any more. */
  supersede(): void {
    this.#end('superseded');
    this.#process?.kill();
  }

  /** Whether the process of now answers; work without one is not frozen. */
  async answers(): Promise<boolean> {
    return (await this.#process?.answers(timingOf(this.deps).pingMs)) ?? true;
  }

  /** It has not answered: whoever goes on does so from its last checkpoint. */
  abandon(): void {
    this.#end('hung');
    this.#process?.kill();
  }

  /** The host goes, and nothing more is to come of this trainer. */
  endNow(): void {
    if (this.#reason === 'worker-shutdown') this.#process?.kill();
  }

  async run(options: RunOptions): Promise<TrainerRun> {
    const { beat, spec } = options;
    await mkdir(options.folder, { recursive: true });
    const specPath = join(options.folder, `${spec.command}.json`);
    await writeFile(specPath, `${JSON.stringify(spec, null, 2)}\n`);
    if (this.orders.reason !== null) this.#end(this.orders.reason);
    if (this.#reason !== null) return { exit: NEVER_STARTED, reason: this.#reason, budget: null };
    beat.set({ phase: 'starting' });
    beat.pace.sign(this.deps.now().getTime());
    let budget: Budget | null = null;
    const trainer = this.#start(options, specPath, (told) => (budget = told));
    this.#process = trainer;
    beat.set({ trainerPid: trainer.pid });
    const release = this.#watch(trainer, options);
    try {
      const exit = await trainer.exited;
      return { exit, reason: this.#reason, budget };
    } finally {
      release();
      this.#process = null;
      beat.set({ trainerPid: null });
    }
  }

  #start(
    { beat, spec, runDir, onEvent }: RunOptions,
    specPath: string,
    onBudget: (budget: Budget) => void,
  ): TrainerProcess {
    const { python, trainerFolder, startTrainer } = this.deps;
    return startTrainer({
      python,
      trainerFolder,
      command: spec.command,
      specPath,
      logFile: join(runDir, 'trainer.log'),
      onEvent: (event) => {
        beat.see(event);
        if (event.type === 'budget') onBudget(budgetOf(event));
        onEvent(event);
      },
      onLogLine: (line) => {
        // A training that waits for its disk, for minutes, says so in its log and nowhere else.
        beat.pace.sign(this.deps.now().getTime());
        beat.line(line);
      },
    });
  }

  #asksForCheckpoint(): boolean {
    return this.#reason !== 'worker-shutdown' || this.leave().last !== 'none';
  }

  /** From the asking to the kill. */
  #patienceMs({ stopMs, shutdownMs }: StageTiming): number {
    if (this.#reason === 'worker-shutdown') return this.leave().trainerSeconds * 1000;
    return this.#reason === 'connection-lost' ? shutdownMs : stopMs;
  }

  #end(reason: Reason): void {
    this.#reason ??= reason;
  }

  /** Asks the trainer to stop on a cancellation and kills one that hangs; returns how to let go. */
  #watch(trainer: TrainerProcess, { beat, spec }: RunOptions): () => void {
    const timing = timingWith(timingOf(this.deps), spec);
    const { signal } = this.orders;
    const patience = new Alarm();
    void patience.rings.then(() => trainer.kill());
    const stop = (): void => {
      this.#end(signal.reason as Reason);
      if (this.#asksForCheckpoint()) trainer.stop();
      patience.arm(this.#patienceMs(timing));
    };
    const away = this.deps.departure?.onSooner(() => {
      if (this.#reason === 'worker-shutdown') patience.arm(this.#patienceMs(timing));
    });
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    const hang = setInterval(() => {
      if (!isSilent(timing, beat.pace, this.deps.now().getTime())) return;
      this.#end('hung');
      trainer.kill();
    }, timing.beatMs);
    return () => {
      clearInterval(hang);
      patience.disarm();
      away?.();
      signal.removeEventListener('abort', stop);
    };
  }
}

const budgetOf = ({ type: _, ...told }: Extract<TrainerEvent, { type: 'budget' }>): Budget => told;

const NEVER_STARTED: TrainerExit = {
  code: null,
  signal: null,
  result: null,
  lastError: null,
  logTail: [],
};
