import type { Ledger } from '../../store/ledger.js';
import { readHostRecords } from '../../store/host-records.js';
import type { StageInput } from '../../contracts/activities.js';
import type { StageDeps } from '../deps.js';

/** What is known of a plan when one of its hosts is cut off. */
export interface GrantFacts {
  /** What the plan may spend on this stage and all before it. */
  readonly limitFen: number;
  readonly spentFen: number;
  /** 0: hosts cost nothing. */
  readonly pricePerHourFen: number;
  /** Of the plan, this one among them: each may be cut off, and know nothing of the others. */
  readonly hosts: number;
  /** Null: none is known. */
  readonly secondsToDeadline: number | null;
}

/** Seconds that a host may go on by itself: its share of the money that is left, until the deadline. */
export function grantSeconds(facts: GrantFacts): number {
  const { limitFen, spentFen, pricePerHourFen, hosts, secondsToDeadline } = facts;
  const untilDeadline = Math.max(0, secondsToDeadline ?? Number.POSITIVE_INFINITY);
  if (pricePerHourFen === 0) return untilDeadline;
  const leftFen = Math.floor(Math.max(0, limitFen - spentFen) / Math.max(1, hosts));
  return Math.min(untilDeadline, Math.floor((leftFen * 3600) / pricePerHourFen));
}

/**
 * As ledger and host records tell now. What is kept back pays for what comes after training; a plan
 * without a ledger has no money to run out of.
 */
export async function readGrant(
  ledger: Ledger,
  { store, now }: Pick<StageDeps, 'store' | 'now'>,
  { planId, stage, deadlineAt }: Pick<StageInput, 'planId' | 'stage' | 'deadlineAt'>,
): Promise<number> {
  const terms = (await ledger.entries()).findLast((entry) => entry.type === 'opened');
  const hosts = (await readHostRecords(store)).filter((host) => host.planId === planId);
  return grantSeconds({
    limitFen: terms ? terms.capFen - (stage === 'eval-after' ? 0 : terms.reserveFen) : 0,
    spentFen: await ledger.totalFen(),
    pricePerHourFen: terms?.pricePerHourFen ?? 0,
    hosts: hosts.length,
    secondsToDeadline: deadlineAt ? (Date.parse(deadlineAt) - now().getTime()) / 1000 : null,
  });
}
