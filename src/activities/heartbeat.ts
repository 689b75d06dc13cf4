import { Context } from '@temporalio/activity';
import { StageProgress } from '../contracts/progress.js';
import { cpuMeter } from './cpu-percent.js';
import type { Shown } from './progress-of.js';

const MOST_BYTES = 1900;

/**
 * Sends the whole progress object on its own timer, since a heartbeat without details would erase
 * them on the server. The first beat goes out at once, before any slow work.
 */
export class Heartbeat {
  #timer: NodeJS.Timeout | null = null;
  readonly #cpu = cpuMeter();

  constructor(
    public shown: Shown,
    private readonly beatMs: number,
    private readonly now: () => Date,
  ) {}

  start(): void {
    this.beat();
    this.#timer = setInterval(() => this.beat(), this.beatMs);
  }

  show(change: Partial<Shown>): void {
    this.shown = { ...this.shown, ...change };
  }

  beat(): void {
    const cpuPercent = this.#cpu(this.shown.trainerPid);
    const progress = { ...this.shown, cpuPercent, at: this.now().toISOString() };
    Context.current().heartbeat(small(progress));
  }

  /** The newest details reach the server with a failure only if they were sent before it. */
  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    this.beat();
  }
}

function small(progress: StageProgress): StageProgress {
  for (let log = progress.log; ; log = log.slice(1)) {
    const smaller = { ...progress, log };
    if (log.length === 0 || Buffer.byteLength(JSON.stringify(smaller)) <= MOST_BYTES) return smaller;
  }
}

/** What the attempt before this one told last; older workers may have written another form. */
export function lastProgress(): StageProgress | null {
  const parsed = StageProgress.safeParse(Context.current().info.heartbeatDetails);
  return parsed.success ? parsed.data : null;
}
