import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { StageProgress } from '../contracts/progress.js';
import { hasEnded, type PlanState } from '../contracts/state.js';
import { exitCodeOf, readRunning, readState } from './plan-handle.js';
import { duration, money, print, statusText } from './output.js';
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
    if (hasEnded(state.status)) break;
    const { progress, lastFailure } = await readRunning(client, planId);
    if (lastFailure && seen.get('tried again') !== lastFailure) {
      seen.set('tried again', lastFailure);
      tell([`  ! tried again after: ${lastFailure}`]);
    }
    if (progress) live.show(renderProgress(progress));
    const line = await options.onLook?.(state, progress);
    if (line) tell([line]);
    await sleep(options.periodMs ?? PERIOD_MS, undefined, signal ? { signal } : {});
  }
  live.clear();
  return exitCodeOf(client, planId);
}

function changes(state: PlanState, seen: Map<string, string>): string[] {
  const lines: string[] = [];
  const note = (key: string, value: string, line: string): void => {
    if (seen.get(key) === value) return;
    seen.set(key, value);
    lines.push(line);
  };
  for (const stage of state.stages) {
    if (stage.status === 'waiting') continue;
    const time = stage.finishedAt ? `  ${stage.cached ? 'cached' : duration(stage.seconds)}` : '';
    const why = stage.message ? `  ${stage.message}` : '';
    note(
      stage.name,
      stage.status,
      `${stage.name.padEnd(12)} ${statusText(stage.status)}${time}${why}`,
    );
  }
  for (const lost of state.interruptions) {
    const cost = `${lost.stepsLost} steps repeated, ${money(lost.moneyLostFen)} lost`;
    const words = `${lost.stage}: ${lost.kind} on ${lost.host}, ${cost}`;
    note(`lost ${lost.stage} ${lost.lostToken}`, words, `  ! ${words}`);
  }
  const waiting = state.current?.waitingFor;
  if (waiting) note('waiting', waiting, `  … ${waiting}`);
  if (state.status === 'awaiting-approval') {
    note('gate', 'waiting', `  ? approve with: dream-sft approve ${state.planId}`);
  }
  if (state.failure) note('failure', state.failure, unsaid(state, state.failure).join('\n'));
  return lines;
}

/** The lines of a failure without the one that its stage has told already. */
function unsaid(state: PlanState, failure: string): string[] {
  const told = new Set(state.stages.map(({ message }) => message));
  return failure.split('\n').filter((line) => !told.has(line));
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
