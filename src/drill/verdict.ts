import type { Language } from '../contracts/base.js';
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
  readonly failures: readonly Failure[];
}

/** One sentence, for people of both languages. */
export type Failure = Readonly<Record<Language, string>>;
const said = (en: string, zh: string): Failure => ({ en, zh });

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
    ...(blow.fault.expects.skips && !skipped(chain)
      ? [said('went on from the damaged checkpoint', '从损坏的检查点继续')]
      : []),
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
    ...{
      sameWeights: false,
      sameOrder: false,
      failures: [said(error.message, `演练中断：${error.message}`)],
    },
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

function failuresOf(result: Facts, closed: string): Failure[] {
  const failures = [];
  if (closed !== 'COMPLETED')
    failures.push(said(`the plan has ended as ${closed}`, `计划以 ${closed} 结束`));
  if (!result.sameWeights)
    failures.push(said('other weights than the straight run', '权重与不受打击的一遍不同'));
  if (!result.sameOrder)
    failures.push(
      said('another order of samples than the straight run', '样本顺序与不受打击的一遍不同'),
    );
  if (result.zombieWritesInJournal > 0)
    failures.push(said('a zombie has written to the journal', '僵尸进程写进了日志'));
  return failures;
}

/** A fault that left no trace was none, and hashes that are equal then prove nothing. */
function unexpected(expects: Expectation, result: Facts): Failure[] {
  const { kinds, refuses } = expects;
  const failures = unexpectedSteps(expects, result);
  const told = result.interruptions.join(', ');
  const wanted = kinds?.join(', ') ?? told;
  if (told !== wanted)
    failures.unshift(
      said(
        `the plan tells of ${told || 'nothing'}, not of ${wanted || 'nothing'}`,
        `计划说的是 ${told || '无'}，应为 ${wanted || '无'}`,
      ),
    );
  if (refuses && result.zombieWritesRefused === 0)
    failures.push(said('no zombie was refused', '没有拒绝任何僵尸写入'));
  return failures;
}

function unexpectedSteps({ repeats }: Expectation, result: Facts): Failure[] {
  const { stepsLost, stepsRepeated } = result;
  if (repeats === undefined) return [];
  const failures = [];
  if (repeats && stepsRepeated === 0)
    failures.push(said('no step was made again', '没有重算任何一步'));
  if (!repeats && stepsRepeated > 0)
    failures.push(
      said(
        `${stepsRepeated} steps were made again, none had to be`,
        `重算了 ${stepsRepeated} 步，本不必重算`,
      ),
    );
  if (repeats && stepsLost > stepsRepeated)
    failures.push(
      said(
        `the plan tells of ${stepsLost} steps lost, more than there were`,
        `计划说损失了 ${stepsLost} 步，多于实际`,
      ),
    );
  return failures;
}
