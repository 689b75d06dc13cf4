import type { ArtifactRef } from '../contracts/base.js';
import type { ChosenInterval } from '../contracts/interval.js';
import type { ChainEntry, PostMortem } from '../contracts/journal.js';
import type { StageName } from '../contracts/stages.js';
import { type Marks, marksOf } from './marked.js';

type Of<T extends ChainEntry['type']> = Extract<ChainEntry, { type: T }>;

export interface ChainAttempt {
  readonly token: number;
  readonly host: string;
  readonly boot: string;
  readonly attempt: number;
  /** For which plan's stage: a store may be shared, and plans may share a stage key. */
  readonly planId: string;
  readonly stage: StageName;
  /** Run of the workflow; null in journals of older versions. */
  readonly run: string | null;
  /** Published checkpoints that its rotation keeps; null in journals of older versions. */
  readonly keep: number | null;
  readonly at: string;
  ended: Omit<Of<'ended'>, 'type' | 'token'> | null;
  readonly publishedSteps: number[];
}

export interface PublishedCheckpoint {
  readonly seq: number;
  readonly token: number;
  readonly manifest: ArtifactRef;
  readonly step: number;
  readonly host: string;
  readonly at: string;
  readonly marks: Marks;
}

export type Budget = Omit<Of<'budget'>, 'type'>;

/** Plain data, so that it may go through Temporal. */
export interface ChainState {
  /** Number of entries; the next one gets `length + 1`. */
  length: number;
  /** Token of the newest `acquired`, 0 before the first. */
  newestToken: number;
  readonly attempts: ChainAttempt[];
  /** In the order of the journal; the last one is `newest`. */
  readonly published: PublishedCheckpoint[];
  newest: PublishedCheckpoint | null;
  /** Manifest digests that the far store holds. */
  readonly copied: string[];
  readonly boots: Omit<Of<'booted'>, 'type'>[];
  readonly postMortems: PostMortem[];
  readonly refused: (Omit<Of<'refused'>, 'type'> & { readonly seq: number })[];
  /** The newest `budget`. */
  budget: Budget | null;
  /** All of them: what the next attempt must stay below. */
  readonly budgets: Budget[];
  /** The newest that was chosen; null before the first, and where the plan fixes it. */
  interval: ChosenInterval | null;
}

function emptyState(): ChainState {
  return {
    length: 0,
    newestToken: 0,
    attempts: [],
    published: [],
    newest: null,
    copied: [],
    boots: [],
    postMortems: [],
    refused: [],
    budget: null,
    budgets: [],
    interval: null,
  };
}

function acquire(state: ChainState, entry: Of<'acquired'>, seq: number): void {
  const { planId, stage, host, boot, attempt, run = null, keep = null, at } = entry;
  state.newestToken = seq;
  const taken = { token: seq, planId, stage, host, boot, attempt, run, keep, at };
  state.attempts.push({ ...taken, ended: null, publishedSteps: [] });
}

function publish(state: ChainState, entry: Of<'published'>, seq: number): void {
  const { token, manifest, step, host, at } = entry;
  // No writer of ours appends this; whoever did has no right to move the chain's head.
  if (token !== state.newestToken) {
    const { newestToken } = state;
    state.refused.push({ seq, token, newestToken, manifest: manifest.digest, step, host, at });
    return;
  }
  state.newest = { seq, token, manifest, step, host, at, marks: marksOf(entry) };
  state.published.push(state.newest);
  state.attempts.at(-1)?.publishedSteps.push(step);
}

function end(state: ChainState, { type: _, token, ...ended }: Of<'ended'>): void {
  const attempt = state.attempts.find((candidate) => candidate.token === token);
  if (attempt) attempt.ended ??= ended;
}

function apply(state: ChainState, entry: ChainEntry, seq: number): void {
  switch (entry.type) {
    case 'acquired':
      return acquire(state, entry, seq);
    case 'published':
      return publish(state, entry, seq);
    case 'ended':
      return end(state, entry);
    case 'booted':
      return void state.boots.push({ key: entry.key, host: entry.host, at: entry.at });
    case 'copied':
      return void state.copied.push(entry.manifest);
    case 'postMortem':
      return void state.postMortems.push(entry.postMortem);
    case 'interval':
      return void (state.interval = entry.chosen);
    case 'refused': {
      const { type: _, ...refused } = entry;
      return void state.refused.push({ ...refused, seq });
    }
    case 'budget': {
      const { type: _, ...budget } = entry;
      state.budget = budget;
      state.budgets.push(budget);
    }
  }
}

/** The entry at index i has seq i + 1. Pure: the same entries always give the same state. */
export function foldChain(entries: readonly ChainEntry[]): ChainState {
  const state = emptyState();
  entries.forEach((entry, index) => apply(state, entry, index + 1));
  state.length = entries.length;
  return state;
}
