import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { PlanState } from '../contracts/state.js';
import { exitCodeOf, readProgress, readState } from './plan-handle.js';
import { duration, print, statusText } from './output.js';
import { renderProgress } from './render-state.js';

const CLOSED = new Set(['finished', 'failed', 'cancelled']);

/** Prints a line for each change of a stage, a live line between, until the plan has ended. */
export async function follow(
  client: Client,
  planId: string,
  options: { readonly quiet: boolean },
): Promise<number> {
  const seen = new Map<string, string>();
  const live = new LiveLine(!options.quiet);
  for (;;) {
    const state = await readState(client, planId);
    const news = changes(state, seen);
    if (!options.quiet && news.length > 0) {
      live.clear();
      for (const line of news) print(line);
    }
    if (CLOSED.has(state.status)) break;
    const progress = await readProgress(client, planId);
    if (progress) live.show(renderProgress(progress));
    await sleep(1000);
  }
  live.clear();
  return exitCodeOf(client, planId);
}

export function changes(state: PlanState, seen: Map<string, string>): string[] {
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
    const words = `${lost.stage}: ${lost.kind} on ${lost.host}, ${lost.stepsLost} steps repeated`;
    note(`lost ${lost.stage} ${lost.lostToken}`, words, `  ! ${words}`);
  }
  const waiting = state.current?.waitingFor;
  if (waiting) note('waiting', waiting, `  … ${waiting}`);
  if (state.status === 'awaiting-approval') {
    note('gate', 'waiting', `  ? approve with: dream-sft approve ${state.planId}`);
  }
  return lines;
}

/** A line that is overwritten in place on a terminal and left out elsewhere. */
export class LiveLine {
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
