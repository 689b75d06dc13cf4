import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { Instant, Sha256 } from '../contracts/base.js';
import type { ObjectStore } from './object-store.js';
import { readRecord } from './record.js';

/**
 * `doomed/<id>.json`: what somebody is about to delete. Two writers, each of whom writes before it
 * reads, cannot miss each other: who deletes marks first and then reads what is still named; who
 * publishes names first (manifest, journal) and then reads the marks, and looks once they are gone.
 */
const PREFIX = 'doomed/';

const Doomed = z.strictObject({ digests: z.array(Sha256), at: Instant });

export interface Patience {
  readonly pollMs: number;
  readonly patienceMs: number;
}

/** Deleting takes seconds; who has not done it by then has died, and deletes nothing more. */
const PATIENCE: Patience = { pollMs: 200, patienceMs: 60_000 };
const DEAD_AFTER_MS = 3_600_000;

export interface Mark {
  /** False when somebody took this process for dead, after a long sleep: then it deletes nothing. */
  readonly stands: () => Promise<boolean>;
  /** When all is deleted. */
  readonly takeAway: () => Promise<void>;
}

/** Marks digests of manifests and blobs. */
export async function doom(
  store: ObjectStore,
  digests: readonly string[],
  now = Date.now(),
): Promise<Mark> {
  for (const key of await store.list(PREFIX)) {
    const left = await readRecord(store, key, Doomed);
    if (left && now - Date.parse(left.at) > DEAD_AFTER_MS) await store.delete(key);
  }
  const key = `${PREFIX}${randomUUID()}.json`;
  const mark = { digests, at: new Date(now).toISOString() };
  await store.put(key, Buffer.from(JSON.stringify(mark)));
  return { stands: () => store.has(key), takeAway: () => store.delete(key) };
}

/** Until nobody is about to delete any of these; the mark of one that has died is taken away. */
export async function untilSpared(
  store: ObjectStore,
  digests: ReadonlySet<string>,
  { pollMs, patienceMs }: Patience = PATIENCE,
): Promise<void> {
  for (let waited = 0; ; waited += pollMs) {
    const marks = await marksOn(store, digests);
    if (marks.length === 0) return;
    if (waited >= patienceMs) {
      await Promise.all(marks.map((key) => store.delete(key)));
      return;
    }
    await sleep(pollMs);
  }
}

async function marksOn(store: ObjectStore, digests: ReadonlySet<string>): Promise<string[]> {
  const marks: string[] = [];
  for (const key of await store.list(PREFIX)) {
    const mark = await readRecord(store, key, Doomed);
    if (mark?.digests.some((digest) => digests.has(digest))) marks.push(key);
  }
  return marks;
}
