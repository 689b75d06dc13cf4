import type { InterruptionKind, PostMortem } from '../../contracts/journal.js';
import type { StageProgress } from '../../contracts/progress.js';
import type { StageName } from '../../contracts/stages.js';
import type { ChainAttempt, ChainState } from '../../store/fold-chain.js';

/** The server waits this long before it gives a lost attempt's successor out (retry policy). */
const RETRY_INTERVAL_SECONDS = 1;

export interface Return {
  readonly stage: StageName;
  readonly before: ChainState;
  readonly boot: string;
  /** What the attempt before told last, if it came through. */
  readonly last: StageProgress | null;
  readonly newestStaged: number;
  readonly resumedFromStep: number;
  readonly scheduledAt: number;
  readonly resumedAt: number;
  readonly pricePerHourFen: number | null;
}

/** Post-mortems of attempts that were lost and have none yet. Pure. */
export function postMortemsOf(here: Return): PostMortem[] {
  const written = new Set(here.before.postMortems.map(({ lostToken }) => lostToken));
  return here.before.attempts
    .filter((attempt) => isLost(attempt) && !written.has(attempt.token))
    .map((attempt) => postMortem(attempt, here));
}

function isLost({ ended }: ChainAttempt): boolean {
  return ended === null || ended.how === 'crashed' || ended.how === 'preempted';
}

function postMortem(lost: ChainAttempt, here: Return): PostMortem {
  const told = here.last?.token === lost.token ? here.last : null;
  const lastSeenAt = newest(lost.at, told?.at, lost.ended?.at);
  const seen = Date.parse(lastSeenAt);
  const detected = (here.scheduledAt - seen) / 1000 - RETRY_INTERVAL_SECONDS;
  const resumedAfter = Math.max(0, (here.resumedAt - seen) / 1000);
  const newestStepKnown = Math.max(
    told?.done ?? 0,
    here.before.newest?.step ?? 0,
    here.newestStaged,
    lost.ended?.step ?? 0,
    here.resumedFromStep,
  );
  return {
    stage: here.stage,
    kind: kindOf(lost, here.boot),
    lostToken: lost.token,
    host: lost.host,
    noticeSeen: lost.ended?.how === 'preempted',
    lastSeenAt,
    // Only the last attempt's loss is what the server's schedule answered.
    detectedAfterSeconds: told || lost.token === here.before.newestToken ? round(detected) : null,
    resumedAfterSeconds: round(resumedAfter),
    newestStepKnown,
    resumedFromStep: here.resumedFromStep,
    stepsLost: newestStepKnown - here.resumedFromStep,
    moneyLostFen: Math.round(((here.pricePerHourFen ?? 0) * resumedAfter) / 3600),
  };
}

function kindOf({ ended, boot }: ChainAttempt, here: string): InterruptionKind {
  if (ended?.how === 'preempted') return 'preempted';
  if (ended?.message?.startsWith('TrainerHung')) return 'trainer-hung';
  if (ended) return 'trainer-crashed';
  // The worker that ran it still lives, so it was the link that broke.
  return boot === here ? 'connection-lost' : 'host-lost';
}

/** Instants in ISO 8601 of one form sort as text. */
function newest(first: string, ...others: (string | undefined)[]): string {
  return others.reduce<string>((a, b) => (b !== undefined && b > a ? b : a), first);
}

function round(seconds: number): number {
  return Math.max(0, Math.round(seconds * 1000) / 1000);
}
