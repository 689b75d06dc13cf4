import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { type ChosenInterval, intervalSentence, isNews } from '../contracts/interval.js';
import type { StageProgress } from '../contracts/progress.js';
import { hasEnded, type PlanState } from '../contracts/state.js';
import { changes } from './changes.js';
import { lookAt } from './look.js';
import { print } from './output.js';
import { exitCodeOf, type Running } from './plan-handle.js';
import { renderProgress } from './render-progress.js';

export interface FollowOptions {
  /** Nothing is printed: stdout belongs to a document. */
  readonly quiet: boolean;
  readonly periodMs?: number;
  readonly signal?: AbortSignal;
  /** Sees what each look sees; a line it returns is printed. */
  readonly onLook?: (state: PlanState, progress: StageProgress | null) => Promise<string | null>;
}

const PERIOD_MS = 1000;

/** Prints a line for each change of a stage, a live line between, until the plan has ended. */
export async function follow(
  client: Client,
  planId: string,
  options: FollowOptions,
): Promise<number> {
  const { quiet, signal } = options;
  const teller = new Teller(quiet);
  for (;;) {
    const { state, running } = await lookAt(client, planId);
    teller.tell(state, running);
    const line = await options.onLook?.(state, running.progress);
    if (line) teller.say([line]);
    if (hasEnded(state.status)) break;
    await sleep(options.periodMs ?? PERIOD_MS, undefined, signal ? { signal } : {});
  }
  teller.end();
  return exitCodeOf(client, planId);
}

/** Says what is new since its last look; between, a live line. */
class Teller {
  readonly #seen = new Map<string, string>();
  readonly #live: LiveLine;
  #interval: ChosenInterval | null = null;

  constructor(private readonly quiet: boolean) {
    this.#live = new LiveLine(!quiet);
  }

  tell(state: PlanState, { progress, lastFailure }: Running): void {
    this.say(changes(state, this.#seen));
    if (lastFailure && this.#seen.get('tried again') !== lastFailure) {
      this.#seen.set('tried again', lastFailure);
      this.say([`  ! tried again after: ${lastFailure}`]);
    }
    this.#tellInterval(progress);
    if (progress) this.#live.show(renderProgress(progress, state.answering));
  }

  /** How often, or why, has changed; what one costs varies a little each time. */
  #tellInterval(progress: StageProgress | null): void {
    const { interval } = progress ?? {};
    if (!interval || !isNews(this.#interval, interval)) return;
    this.#interval = interval;
    this.say([`  · ${intervalSentence(interval, false)}`]);
  }

  say(lines: readonly string[]): void {
    if (this.quiet || lines.length === 0) return;
    this.#live.clear();
    for (const line of lines) if (line) print(line);
  }

  end(): void {
    this.#live.clear();
  }
}

/** For scripts: the document of `status --json` on a line of its own, whenever it has changed. */
export function jsonLines(): NonNullable<FollowOptions['onLook']> {
  let last = '';
  return async (state, progress) => {
    const line = JSON.stringify({ ...state, progress });
    if (line !== last) print(line);
    last = line;
    return null;
  };
}

/** A line that is overwritten in place on a terminal and left out elsewhere. */
class LiveLine {
  #shown = false;

  constructor(private readonly enabled: boolean) {}

  show(text: string): void {
    if (!this.enabled || !process.stdout.isTTY) return;
    process.stdout.write(`\r\u001b[2K${text}`);
    this.#shown = true;
  }

  clear(): void {
    if (this.#shown) process.stdout.write('\r\u001b[2K');
    this.#shown = false;
  }
}
