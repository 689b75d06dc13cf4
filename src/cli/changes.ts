import pc from 'picocolors';
import { anchorSentence } from '../contracts/anchor.js';
import { detectableSentence } from '../contracts/detectable.js';
import type { Quote } from '../contracts/quote.js';
import { LIMIT_OF_PLAN, type PlanState, type StageState } from '../contracts/state.js';
import { verdictSentence } from '../contracts/verdict.js';
import { pilotLines } from './pilot-text.js';
import { count, duration, money, statusText } from './output.js';

const LABEL_CELLS = 12;

type Note = (key: string, value: string, line: string) => void;

/** A line for everything that is new since the last look; `seen` remembers what was told. */
export function changes(state: PlanState, seen: Map<string, string>): string[] {
  const lines: string[] = [];
  const note: Note = (key, value, line) => {
    if (seen.get(key) === value) return;
    seen.set(key, value);
    lines.push(line);
  };
  for (const stage of state.stages) {
    // What it has found stands before the line that it is over.
    if (stage.name === 'pilot' && stage.finishedAt) notePilot(state, note);
    if (stage.status !== 'waiting') note(stage.name, stage.status, stageLine(stage));
    if (stage.name === 'smoke-train') noteQuote(state, note);
    if (stage.name === 'pilot') notePilot(state, note);
    if (stage.name === 'eval-before') noteAnchor(state, note);
    if (stage.name === 'eval-after') noteVerdict(state, note);
  }
  noteInterruptions(state, note);
  const waiting = state.current?.waitingFor;
  if (waiting) note('waiting', waiting, `  … ${waiting}`);
  if (state.failure) note('failure', state.failure, unsaid(state, state.failure).join('\n'));
  return lines;
}

function stageLine(stage: StageState): string {
  const time = stage.finishedAt ? `  ${stage.cached ? 'cached' : duration(stage.seconds)}` : '';
  const why = stage.message ? `  ${stage.message}` : '';
  return `${stage.name.padEnd(LABEL_CELLS)} ${statusText(stage.status)}${time}${why}`;
}

/** Quote and gate come between smoke-train and what is dear. */
function noteQuote({ planId, status, quote, gate }: PlanState, note: Note): void {
  if (quote === null) return;
  note('quote', JSON.stringify(quote), `${'quote'.padEnd(LABEL_CELLS)} ${quoteText(quote)}`);
  const shows = quote.detectable?.length ? detectableSentence(quote.detectable, false) : '';
  if (shows) note('shows', shows, `${''.padEnd(LABEL_CELLS)} ${shows}`);
  const label = 'gate'.padEnd(LABEL_CELLS);
  if (status === 'awaiting-approval') {
    note('gate', 'waiting', `${label} ? approve with: dream-sft approve ${planId}`);
  } else if (gate.status === 'approved' && gate.approvedBy !== null) {
    note('gate', `approved ${gate.at}`, `${label} ${statusText('finished', gateText(gate))}`);
  }
}

function notePilot({ pilot }: PlanState, note: Note): void {
  for (const line of pilot ? pilotLines(pilot) : []) note(`pilot ${line}`, line, `  ${line}`);
}

/** A person may stop here: what is dear comes next. */
function noteAnchor({ anchor }: PlanState, note: Note): void {
  if (anchor === null) return;
  const line = anchorSentence(anchor, false);
  const label = anchor.holds
    ? 'anchor'.padEnd(LABEL_CELLS)
    : pc.yellow('warning'.padEnd(LABEL_CELLS));
  note('anchor', line, `${label} ${line}`);
}

function noteVerdict({ compared }: PlanState, note: Note): void {
  for (const one of compared?.suites ?? []) {
    const line = verdictSentence(one, false);
    note(`verdict ${one.suite}`, line, `${'verdict'.padEnd(LABEL_CELLS)} ${line}`);
  }
}

/** What the rest takes and costs; both evaluations are part of it. */
export function quoteText(quote: Quote, zh = false): string {
  const { trainSeconds, evalSecondsEach, pilotSeconds, checksSeconds, totalSeconds, fen } = quote;
  if (zh) {
    const time = (seconds: number): string => duration(seconds, 'zh');
    const trials = pilotSeconds === undefined ? '' : `试点 ${time(pilotSeconds)}，`;
    const beside = checksSeconds === undefined ? '' : `，检验 ${time(checksSeconds)}`;
    const evaluated = `两次评测各不超过 ${time(evalSecondsEach)}${beside}`;
    return `余下需 ${time(totalSeconds)}，${money(fen)}：${trials}训练 ${time(trainSeconds)}，${evaluated}`;
  }
  const pilot = pilotSeconds === undefined ? '' : `pilot ${duration(pilotSeconds)}, `;
  const training = `${pilot}training ${duration(trainSeconds)}`;
  const checks = checksSeconds === undefined ? '' : `, checks ${duration(checksSeconds)}`;
  const evaluations = `two evaluations of ${duration(evalSecondsEach)} each at most${checks}`;
  return `the rest takes ${duration(totalSeconds)} and ${money(fen)}: ${training}, ${evaluations}`;
}

export function gateText({ approvedBy }: PlanState['gate'], zh = false): string {
  if (zh)
    return approvedBy === LIMIT_OF_PLAN
      ? '自动通过：报价在计划的限额之内'
      : `由 ${approvedBy} 批准`;
  return approvedBy === LIMIT_OF_PLAN
    ? 'passed automatically: the quote is within the limit in the plan'
    : `approved by ${approvedBy}`;
}

function noteInterruptions(state: PlanState, note: Note): void {
  for (const lost of state.interruptions) {
    const steps = `${count(lost.stepsLost, 'step')} repeated`;
    const cost = `${steps}, ${money(lost.moneyLostFen)} lost`;
    const words = `${lost.stage}: ${lost.kind} on ${lost.host}, ${cost}`;
    // Shards have chains of their own, in which tokens begin anew.
    const which = `lost ${lost.stage} ${lost.lostToken} ${lost.lastSeenAt}`;
    note(which, words, `  ! ${words}`);
  }
}

/** The lines of a failure without the one that its stage has told already. */
function unsaid(state: PlanState, failure: string): string[] {
  const told = new Set(state.stages.map(({ message }) => message));
  return failure.split('\n').filter((line) => !told.has(line));
}
