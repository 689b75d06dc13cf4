import { type ChainState, foldChain } from '../store/fold-chain.js';
import type { Carried } from './carry-trial.js';
import type { Expectation } from './fault.js';
import type { Blow } from './schedule.js';
import type { Struck } from './trial.js';
import { DrillError } from './wait.js';

export interface TrialResult {
  readonly trial: number;
  readonly fault: string;
  /** Where the schedule wanted it, and the last step written when it struck; null: nobody was stopped. */
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
  const { interruptions } = struck.summary;
  const chain = foldChain(struck.entries);
  // A zombie that obeys writes down that it was refused; one that does not leaves a publication.
  const obeyed = struck.entries.filter(({ type }) => type === 'refused').length;
  const lost = interruptions[0];
  const result = {
    trial: blow.trial,
    fault: blow.fault.name,
    atStep: blow.atStep,
    stepAtStrike: struck.struck[0]?.step ?? null,
    attempts: chain.attempts.length,
    interruptions: interruptions.map(({ kind }) => kind),
    detectedAfterSeconds: lost?.detectedAfterSeconds ?? null,
    resumedAfterSeconds: lost?.resumedAfterSeconds ?? null,
    stepsLost: interruptions.reduce((sum, { stepsLost }) => sum + stepsLost, 0),
    stepsRepeated: struck.struck.reduce((sum, one) => sum + repeatedAfter(one, chain), 0),
    zombieWritesRefused: obeyed,
    zombieWritesInJournal: chain.refused.length - obeyed,
    sameWeights: same(straight, struck, 'weightsSha256'),
    sameOrder: same(straight, struck, 'orderHash'),
  };
  const failures = [
    ...failuresOf(result, struck.closed),
    ...unexpected(blow.fault.expects, result),
    ...(blow.fault.expects.skips && !skipped(chain) ? ['went on from the damaged checkpoint'] : []),
  ];
  return { ...result, failures };
}

/** A trial that did not come to its end has failed, and the next one is carried all the same. */
export function brokenOff(blow: Blow, error: unknown): TrialResult {
  if (!(error instanceof DrillError)) throw error;
  return {
    ...{ trial: blow.trial, fault: blow.fault.name, atStep: blow.atStep, stepAtStrike: null },
    ...{ attempts: 0, interruptions: [], detectedAfterSeconds: null, resumedAfterSeconds: null },
    ...{ stepsLost: 0, stepsRepeated: 0, zombieWritesRefused: 0, zombieWritesInJournal: 0 },
    ...{ sameWeights: false, sameOrder: false, failures: [error.message] },
  };
}

/** An attempt that nobody had to follow has lost nothing. */
function repeatedAfter({ token, step }: Struck, { postMortems }: ChainState): number {
  const told = postMortems.find(({ lostToken }) => lostToken === token);
  return told ? Math.max(0, step - told.resumedFromStep) : 0;
}

/** The attempt after the loss began behind an older checkpoint than the newest there was. */
function skipped({ postMortems, published }: ChainState): boolean {
  const lost = postMortems[0];
  const newest = published.findLast(({ token }) => token === lost?.lostToken);
  return lost !== undefined && newest !== undefined && lost.resumedFromStep < newest.step;
}

function same(straight: Carried, struck: Carried, hash: 'weightsSha256' | 'orderHash'): boolean {
  const wanted = straight.summary.training?.[hash];
  return wanted !== undefined && wanted !== null && struck.summary.training?.[hash] === wanted;
}

type Facts = Omit<TrialResult, 'failures'>;

function failuresOf(result: Facts, closed: string): string[] {
  const failures = [];
  if (closed !== 'COMPLETED') failures.push(`the plan has ended as ${closed}`);
  if (!result.sameWeights) failures.push('other weights than the straight run');
  if (!result.sameOrder) failures.push('another order of samples than the straight run');
  if (result.zombieWritesInJournal > 0) failures.push('a zombie has written to the journal');
  return failures;
}

/** A fault that left no trace was none, and hashes that are equal then prove nothing. */
function unexpected({ kinds, repeats, refuses }: Expectation, result: Facts): string[] {
  const failures = [];
  const told = result.interruptions.join(', ') || 'nothing';
  if (kinds && told !== (kinds.join(', ') || 'nothing'))
    failures.push(`the plan tells of ${told}, not of ${kinds.join(', ') || 'nothing'}`);
  if (repeats === true && result.stepsRepeated === 0) failures.push('no step was made again');
  if (repeats === false && result.stepsRepeated > 0)
    failures.push(`${result.stepsRepeated} steps were made again, none had to be`);
  if (repeats && result.stepsLost > result.stepsRepeated)
    failures.push(`the plan tells of ${result.stepsLost} steps lost, more than there were`);
  if (refuses && result.zombieWritesRefused === 0) failures.push('no zombie was refused');
  return failures;
}
