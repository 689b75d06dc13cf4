import { LedgerEntry } from '../contracts/journal.js';
import type { StageName } from '../contracts/stages.js';
import { Journal, type JournalOptions } from './journal.js';
import type { ObjectStore } from './object-store.js';

type Of<T extends LedgerEntry['type']> = Extract<LedgerEntry, { type: T }>;

export interface LedgerOptions extends JournalOptions {
  readonly now?: () => Date;
}

/** Both amounts are cumulative: since this start of the host, over all its stages. */
export interface HostCharge {
  /** Id of one start of a host; a host that begins to count anew needs a new id. */
  readonly host: string;
  readonly stage: StageName;
  readonly seconds: number;
  readonly fen: number;
  /** The instant that these are counted up to; now when left out. */
  readonly until?: Date;
  /** The stage or the host ends here: whatever is left is written, also less than a whole fen. */
  readonly settle?: boolean;
}

/**
 * An entry for less than both would be one each second, and whoever opens the ledger reads them all:
 * a plan of 100 CNY has some 1000.
 */
const WORTH_SECONDS = 30;
const WORTH_FEN = 10;

export interface Charged {
  readonly writtenFen: number;
  /** Due as well, but not worth an entry yet; guards of money count it. */
  readonly leftFen: number;
}

const SINCE = ' since ';

/** Id to charge a host by that a person started: it begins to count anew with each tenure. */
export const tenureId = (host: string, since: string): string => `${host}${SINCE}${since}`;

/** The host that an entry charges. */
export const chargedHost = (id: string): string => id.split(SINCE)[0] ?? id;

/** Price of a host's whole life so far, rounded up once: differences of this lose no fraction. */
export function cumulativeFen(seconds: number, pricePerHourFen: number): number {
  return Math.ceil((seconds * pricePerHourFen) / 3600);
}

/** The money of a plan. Charging twice, late, or from two processes never doubles or loses a fen. */
export class Ledger {
  readonly #journal: Journal<LedgerEntry>;
  readonly #now: () => Date;
  readonly #planId: string;

  constructor(store: ObjectStore, planId: string, options: LedgerOptions = {}) {
    this.#planId = planId;
    this.#journal = new Journal(store, `ledgers/${planId}`, LedgerEntry, options);
    this.#now = options.now ?? (() => new Date());
  }

  /** Repeating the newest terms changes nothing; new terms (a raised cap) are appended. */
  open(terms: Omit<Of<'opened'>, 'type' | 'at' | 'planId'>): Promise<void> {
    return this.#journal.update((entries) => {
      const newest = entries.findLast((entry) => entry.type === 'opened');
      const stands =
        newest?.capFen === terms.capFen &&
        newest.reserveFen === terms.reserveFen &&
        newest.pricePerHourFen === terms.pricePerHourFen;
      if (stands) return { result: undefined };
      const { capFen, reserveFen, pricePerHourFen } = terms;
      const append = { capFen, reserveFen, pricePerHourFen, planId: this.#planId, at: this.#at() };
      return { append: { type: 'opened', ...append }, result: undefined };
    });
  }

  /** Appends what is new since the host's last entry, once it is worth one. */
  charge({ host, stage, seconds, fen, until, settle = false }: HostCharge): Promise<Charged> {
    return this.#journal.update((entries) => {
      const charged = entries.filter((entry) => entry.type === 'host' && entry.host === host);
      const newFen = Math.max(0, fen - sum(charged, 'fen'));
      const newSeconds = milliseconds(seconds - sum(charged, 'seconds'));
      // Time that was charged before, at whatever price, is not charged again.
      if (newSeconds <= 0) return { result: { writtenFen: 0, leftFen: 0 } };
      const worth = newFen >= WORTH_FEN || (newFen > 0 && newSeconds >= WORTH_SECONDS);
      if (!worth && !settle) return { result: { writtenFen: 0, leftFen: newFen } };
      const at = until?.toISOString() ?? this.#at();
      const append = { host, stage, fen: newFen, seconds: newSeconds, at };
      return { append: { type: 'host', ...append }, result: { writtenFen: newFen, leftFen: 0 } };
    });
  }

  /** By the newest terms; 0 before the ledger is opened. */
  async pricePerHourFen(): Promise<number> {
    const newest = (await this.entries()).findLast((entry) => entry.type === 'opened');
    return newest?.pricePerHourFen ?? 0;
  }

  async totalFen(): Promise<number> {
    return sum(await this.entries(), 'fen');
  }

  entries(): Promise<LedgerEntry[]> {
    return this.#journal.read();
  }

  #at(): string {
    return this.#now().toISOString();
  }
}

/** Sums of decimal fractions are off in the last digit; clocks tell whole milliseconds. */
const milliseconds = (seconds: number): number => Math.round(seconds * 1000) / 1000;

function sum(entries: readonly LedgerEntry[], field: 'fen' | 'seconds'): number {
  return entries.reduce((total, entry) => total + (entry.type === 'host' ? entry[field] : 0), 0);
}
