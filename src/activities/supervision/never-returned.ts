import type { LedgerEntry } from '../../contracts/journal.js';
import { moneyLostFen } from '../../contracts/money.js';
import type { StageName } from '../../contracts/stages.js';
import type { Chain } from '../../store/chain.js';
import { chargedHost } from '../../store/ledger.js';

export interface Paid {
  readonly pricePerHourFen: number;
  /** Of the plan: its charges tell until when a host was alive and paid. */
  readonly ledger: readonly LedgerEntry[];
}

/**
 * Post-mortems of attempts that no later one has told of: their host was lost and the stage ended, or
 * was paused, before anybody came back. Nothing after the loss is known, so nothing is claimed but
 * money: what the host was still paid for behind its last checkpoint bought nothing.
 */
export async function tellOfNeverReturned(
  chain: Chain,
  stage: StageName,
  paid: Paid,
): Promise<void> {
  const { attempts, postMortems, published } = await chain.fold();
  const told = new Set(postMortems.map(({ lostToken }) => lostToken));
  const lost = attempts.filter(({ token, ended }) => ended === null && !told.has(token));
  for (const { token, host, at } of lost) {
    const own = published.findLast((checkpoint) => checkpoint.token === token);
    const newest = published.findLast(({ seq }) => seq < token);
    const step = own?.step ?? newest?.step ?? 0;
    const lastSeenAt = own?.at ?? at;
    const lostStepSeconds = paidAfter(paid.ledger, host, lastSeenAt);
    const time = { detectSeconds: null, resumeSeconds: null, lostStepSeconds };
    await chain.postMortem({
      stage,
      kind: 'host-lost',
      lostToken: token,
      host,
      noticeSeen: false,
      lastSeenAt,
      detectedAfterSeconds: null,
      resumedAfterSeconds: null,
      newestStepKnown: step,
      resumedFromStep: step,
      stepsLost: 0,
      moneyLostFen: moneyLostFen(paid.pricePerHourFen, time),
    });
  }
}

/** Seconds from an instant to the host's last charge: a dead host is charged no more. */
function paidAfter(ledger: readonly LedgerEntry[], host: string, instant: string): number {
  const last = ledger.findLast(
    (entry) => entry.type === 'host' && chargedHost(entry.host) === host,
  );
  return last ? Math.max(0, (Date.parse(last.at) - Date.parse(instant)) / 1000) : 0;
}
