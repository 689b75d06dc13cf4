import { foldChain } from '../store/fold-chain.js';
import type { Carried } from './trial.js';
import type { Blow } from './schedule.js';

export interface TrialResult {
  readonly trial: number;
  readonly fault: string;
  /** Where the schedule wanted it, and the last step written when it struck. */
  readonly atStep: number;
  readonly stepAtStrike: number | null;
  readonly attempts: number;
  /** What the plan itself says it lost. */
  readonly interruptions: readonly string[];
  readonly detectedAfterSeconds: number | null;
  readonly resumedAfterSeconds: number | null;
  readonly stepsLost: number;
  /** From the killer's own reading: written before the strike, made again after it. */
  readonly stepsRepeated: number;
  readonly zombieWritesRefused: number;
  /** Publications behind the entry by which a newer attempt took over: nobody reads them. */
  readonly zombieWritesInJournal: number;
  readonly sameWeights: boolean;
  readonly sameOrder: boolean;
  /** Why this trial failed; empty: nothing was lost. */
  readonly failures: readonly string[];
}

/** What a struck plan has left, against one that nobody struck. Pure. */
export function judge(blow: Blow, straight: Carried, struck: Carried): TrialResult {
  const { summary, stepAtStrike } = struck;
  const chain = foldChain(struck.entries);
  // A zombie that obeys writes down that it was refused; one that does not leaves a publication.
  const obeyed = struck.entries.filter(({ type }) => type === 'refused').length;
  const resumedFrom = chain.postMortems.at(-1)?.resumedFromStep ?? null;
  const repeated = stepAtStrike === null || resumedFrom === null ? 0 : stepAtStrike - resumedFrom;
  const lost = summary.interruptions.at(-1);
  const result = {
    trial: blow.trial,
    fault: blow.fault.name,
    atStep: blow.atStep,
    stepAtStrike,
    attempts: chain.attempts.length,
    interruptions: summary.interruptions.map(({ kind }) => kind),
    detectedAfterSeconds: lost?.detectedAfterSeconds ?? null,
    resumedAfterSeconds: lost?.resumedAfterSeconds ?? null,
    stepsLost: summary.interruptions.reduce((sum, { stepsLost }) => sum + stepsLost, 0),
    stepsRepeated: Math.max(0, repeated),
    zombieWritesRefused: obeyed,
    zombieWritesInJournal: chain.refused.length - obeyed,
    sameWeights: same(straight, struck, 'weightsSha256'),
    sameOrder: same(straight, struck, 'orderHash'),
  };
  return { ...result, failures: failuresOf(result, struck.closed) };
}

function same(straight: Carried, struck: Carried, hash: 'weightsSha256' | 'orderHash'): boolean {
  const wanted = straight.summary.training?.[hash];
  return wanted !== undefined && wanted !== null && struck.summary.training?.[hash] === wanted;
}

function failuresOf(result: Omit<TrialResult, 'failures'>, closed: string): string[] {
  const failures = [];
  if (closed !== 'COMPLETED') failures.push(`the plan has ended as ${closed}`);
  if (!result.sameWeights) failures.push('other weights than the straight run');
  if (!result.sameOrder) failures.push('another order of samples than the straight run');
  if (result.zombieWritesInJournal > 0) failures.push('a zombie has written to the journal');
  return failures;
}
