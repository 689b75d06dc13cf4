import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, type ProcessIdentity, processIdentity } from '../processes/identity.js';

export interface Holder extends ProcessIdentity {
  readonly key: string;
  /** What it said of itself. */
  readonly note: string;
}

/** Between its mark and its removal of the claim a process does nothing else. */
const TAKEN_AWAY_WITHIN_MS = 60_000;
const CLAIM = /^[0-9a-f]{64}$/;

/** Who may start the host of a key: one winner, whoever asks at the same time. */
export class KeyClaims {
  constructor(private readonly folder: string) {}

  async take(key: string, note = ''): Promise<boolean> {
    await mkdir(this.folder, { recursive: true });
    const temporary = `${this.#path(key)}.${randomUUID()}`;
    const identity = await processIdentity(process.pid);
    await writeFile(temporary, JSON.stringify({ ...identity, key, note }));
    try {
      await link(temporary, this.#path(key));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** The same, also when whoever held the claim has died. */
  async takeFromDead(key: string, note = ''): Promise<boolean> {
    if (await this.take(key, note)) return true;
    const holder = await readHolder(this.#path(key));
    if (holder !== null && (await isAlive(holder))) return false;
    if (holder !== null) await this.#takeAway(key, holder);
    return this.take(key, note);
  }

  /** Of all keys. */
  async living(): Promise<Holder[]> {
    const names = (await readdir(this.folder).catch(() => [])).filter((name) => CLAIM.test(name));
    const living: Holder[] = [];
    for (const name of names) {
      const holder = await readHolder(join(this.folder, name));
      if (holder !== null && (await isAlive(holder))) living.push(holder);
    }
    return living;
  }

  /** After a start that failed: the next who asks may try again. */
  async giveBack(key: string): Promise<void> {
    await rm(this.#path(key), { force: true });
  }

  /**
   * Waits until the claim's holder has started a host, has given the claim back, or has died before
   * either; the claim of a dead holder is taken away.
   */
  async untilDecided(key: string, started: () => Promise<unknown>): Promise<void> {
    for (;;) {
      const holder = await readHolder(this.#path(key));
      if (await started()) return;
      if (holder === null) return;
      if (!(await isAlive(holder))) return this.#takeAway(key, holder);
      await sleep(50);
    }
  }

  /**
   * Of several who saw the dead holder only the one who made the mark removes its claim; marks stay
   * for ever. Whoever dies in between leaves a mark that has grown old: the next number follows.
   */
  async #takeAway(key: string, dead: ProcessIdentity): Promise<void> {
    const base = `${this.#path(key)}.dead-${dead.pid}-${dead.startTime.replace(/\W/g, '_')}`;
    for (let number = 0; ; number += 1) {
      const mark = `${base}-${number}`;
      if (await madeAlone(mark)) return rm(this.#path(key), { force: true });
      if (Date.now() - (await stat(mark)).mtimeMs < TAKEN_AWAY_WITHIN_MS) return sleep(50);
      const holder = await readHolder(this.#path(key));
      if (holder?.pid !== dead.pid || holder.startTime !== dead.startTime) return;
    }
  }

  #path(key: string): string {
    return join(this.folder, createHash('sha256').update(key).digest('hex'));
  }
}

async function madeAlone(path: string): Promise<boolean> {
  try {
    await writeFile(path, '', { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** A claim is written whole; one that cannot be read was torn by a power cut, and its holder with it. */
const TORN: Holder = { pid: 0, startTime: 'unreadable', key: '', note: '' };

async function readHolder(path: string): Promise<Holder | null> {
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    return { ...TORN, ...(JSON.parse(text) as Holder) };
  } catch {
    return TORN;
  }
}
