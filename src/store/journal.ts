import type { z } from 'zod';
import { canonicalJson } from './canonical-json.js';
import { DamagedJournalError } from './errors.js';
import type { ObjectStore } from './object-store.js';

export interface JournalOptions {
  /** Runs between validation and the write: where tests stop a process to make it a zombie. */
  readonly beforeAppend?: (key: string) => Promise<void> | void;
}

/** What `decide` makes of the entries it saw: an entry to append (or none) and what to return. */
export interface Decision<E, R> {
  readonly append?: E;
  readonly result: R;
}

const DIGITS = 8;
const PARALLEL_READS = 16;

/**
 * Entries `<prefix>/<seq>.json`, seq from 1 without gaps, each written put-if-absent. Entries never
 * change, so what was read once is kept; a later read costs one look at the next key.
 */
export class Journal<E> {
  readonly #entries: E[] = [];

  constructor(
    private readonly store: ObjectStore,
    private readonly prefix: string,
    private readonly schema: z.ZodType<E>,
    private readonly options: JournalOptions = {},
  ) {}

  async read(): Promise<E[]> {
    if (this.#entries.length === 0) await this.#readAll();
    for (let seq = this.#entries.length + 1; ; seq += 1) {
      const bytes = await this.store.get(this.#key(seq));
      if (bytes === undefined) break;
      this.#entries[seq - 1] = this.#parse(seq, bytes);
    }
    return [...this.#entries];
  }

  /**
   * Folds, decides, appends exactly seq + 1 of what was decided on; a lost race decides again on the
   * new entries. Nothing is appended on knowledge older than the entry before it.
   */
  async update<R>(decide: (entries: readonly E[], nextSeq: number) => Decision<E, R>): Promise<R> {
    for (;;) {
      const entries = await this.read();
      const nextSeq = entries.length + 1;
      const { append, result } = decide(entries, nextSeq);
      if (append === undefined) return result;
      if (await this.#append(nextSeq, append)) return result;
    }
  }

  async #append(seq: number, entry: E): Promise<boolean> {
    const valid = this.schema.parse(entry);
    const key = this.#key(seq);
    await this.options.beforeAppend?.(key);
    return this.store.putIfAbsent(key, Buffer.from(`${canonicalJson(valid)}\n`));
  }

  async #readAll(): Promise<void> {
    const keys = await this.#keys();
    for (let start = 0; start < keys.length; start += PARALLEL_READS) {
      const group = keys.slice(start, start + PARALLEL_READS);
      const read = await Promise.all(group.map((key) => this.store.get(key)));
      read.forEach((bytes, index) => {
        const seq = start + index + 1;
        if (bytes === undefined) throw new DamagedJournalError(this.#key(seq), 'it vanished');
        this.#entries[seq - 1] = this.#parse(seq, bytes);
      });
    }
  }

  /** A list that is read while others append may show an entry without the one before it. */
  async #keys(): Promise<string[]> {
    const listed = await this.store.list(`${this.prefix}/`);
    const keys: string[] = [];
    for (const key of listed) {
      for (;;) {
        const next = this.#key(keys.length + 1);
        if (next >= key) break;
        if (!(await this.store.has(next))) {
          throw new DamagedJournalError(next, 'it is missing before later entries');
        }
        keys.push(next);
      }
      if (key !== this.#key(keys.length + 1)) {
        throw new DamagedJournalError(key, 'it is not an entry of this journal');
      }
      keys.push(key);
    }
    return keys;
  }

  #parse(seq: number, bytes: Uint8Array): E {
    const key = this.#key(seq);
    let value: unknown;
    try {
      value = JSON.parse(Buffer.from(bytes).toString('utf8'));
    } catch {
      throw new DamagedJournalError(key, 'it is not JSON');
    }
    const parsed = this.schema.safeParse(value);
    if (parsed.success) return parsed.data;
    const issues = parsed.error.issues.map((i) => `${i.path.join('.') || 'entry'}: ${i.message}`);
    throw new DamagedJournalError(key, issues.join('; '));
  }

  #key(seq: number): string {
    return `${this.prefix}/${String(seq).padStart(DIGITS, '0')}.json`;
  }
}
