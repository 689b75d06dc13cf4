import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { StageProgress } from '../contracts/progress.js';
import { hasEnded, type PlanState } from '../contracts/state.js';
import { changes } from './changes.js';
import { exitCodeOf, readRunning, readState, type Running } from './plan-handle.js';
import { print } from './output.js';
import { renderProgress } from './render-state.js';

export interface FollowOptions {
  /** Nothing is printed: stdout belongs to a document. */
  readonly quiet: boolean;
  readonly periodMs?: number;
  readonly signal?: AbortSignal;
  /** Sees what each look sees; a line it returns is printed. */
  readonly onLook?: (state: PlanState, progress: StageProgress | null) => Promise<string | null>;
}

const PERIOD_MS = 1000;
const NOTHING_RUNS: Running = { progress: null, lastFailure: null };

/** Prints a line for each change of a stage, a live line between, until the plan has ended. */
export async function follow(
  client: Client,
  planId: string,
  options: FollowOptions,
): Promise<number> {
  const { quiet, signal } = options;
  const seen = new Map<string, string>();
  const live = new LiveLine(!quiet);
  const tell = (lines: readonly string[]): void => {
    if (quiet || lines.length === 0) return;
    live.clear();
    for (const line of lines) if (line) print(line);
  };
  for (;;) {
    const state = await readState(client, planId);
    tell(changes(state, seen));
    const over = hasEnded(state.status);
    const { progress, lastFailure } = over ? NOTHING_RUNS : await readRunning(client, planId);
    if (lastFailure && seen.get('tried again') !== lastFailure) {
      seen.set('tried again', lastFailure);
      tell([`  ! tried again after: ${lastFailure}`]);
    }
    if (progress) live.show(renderProgress(progress));
    const line = await options.onLook?.(state, progress);
    if (line) tell([line]);
    if (over) break;
    await sleep(options.periodMs ?? PERIOD_MS, undefined, signal ? { signal } : {});
  }
  live.clear();
  return exitCodeOf(client, planId);
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
