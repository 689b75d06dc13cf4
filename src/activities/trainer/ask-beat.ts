import { Context } from '@temporalio/activity';
import type { AskProgress } from '../../contracts/asking.js';
import type { TrainerEvent } from '../../contracts/events.js';
import { type StageDeps, timingOf } from '../deps.js';
import { Pace } from './pace.js';
import type { TrainerBeat } from './run-trainer.js';

/** About 60 bytes each in a heartbeat: four whole canvases of 1024 tokens. */
const MOST_TOKENS = 4096;

/** The heartbeat of a question: its host and, where somebody watches, what every step revealed. */
export class AskBeat implements TrainerBeat {
  readonly pace: Pace;
  #timer: NodeJS.Timeout | null = null;
  #reveals: AskProgress['reveals'] = [];

  constructor(private readonly deps: StageDeps) {
    this.pace = new Pace(timingOf(deps).beatMs, deps.now().getTime());
  }

  start(): void {
    this.#send();
    this.#timer = setInterval(() => this.#send(), timingOf(this.deps).beatMs);
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
  }

  /** Phase and process of a stage: nobody looks for them here. */
  set(): void {}

  line(): void {}

  see(event: TrainerEvent): void {
    this.pace.sign(this.deps.now().getTime());
    if (event.type !== 'revealed') return;
    this.#reveals.push(event);
    let tokens = this.#reveals.reduce((sum, one) => sum + one.tokens.length, 0);
    while (tokens > MOST_TOKENS) tokens -= this.#reveals.shift()?.tokens.length ?? tokens;
  }

  #send(): void {
    this.pace.look(this.deps.now().getTime());
    const details: AskProgress = { host: this.deps.host.id, reveals: this.#reveals };
    Context.current().heartbeat(details);
  }
}
