import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StoreConfig } from '../../src/contracts/store.js';
import { publishArtifact } from '../../src/store/artifacts.js';
import { digestOf } from '../../src/store/canonical-json.js';
import { Chain } from '../../src/store/chain.js';
import type { ObjectStore } from '../../src/store/object-store.js';
import { openStore } from '../../src/store/open-store.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { attemptOn, folderOf } from './support/examples.js';
import { hasSeaweed, KEYS, startSeaweed, whySkipped, type Seaweed } from './support/seaweed.js';
import { STOPS, Zombie, type Order } from './support/zombie.js';

/** The long run: ZOMBIE_TRIALS=100 npx vitest run test/store/zombies.test.ts (bench/README.md). */
const TRIALS = Number(process.env['ZOMBIE_TRIALS'] ?? 8);
const SEED = Number(process.env['ZOMBIE_SEED'] ?? 1);

interface Trial extends Omit<Order, 'stageKey'> {
  /** What the newer attempt publishes, and whether it ends. */
  readonly newerPublishes: number;
  readonly newerEnds: boolean;
  /** The zombie wakes while the newer attempt publishes, not after it. */
  readonly together: boolean;
}

const trials: readonly Trial[] = fc.sample(
  fc.record({
    publishes: fc.integer({ min: 0, max: 3 }),
    stopAt: fc.constantFrom(...STOPS),
    newerPublishes: fc.integer({ min: 0, max: 3 }),
    newerEnds: fc.boolean(),
    together: fc.boolean(),
  }),
  { numRuns: TRIALS, seed: SEED },
);

/** Everything that a newer attempt on a second host does; the parent process is that host. */
async function newerAttempt(store: ObjectStore, chain: Chain, trial: Trial, token: number) {
  for (let step = 1; step <= trial.newerPublishes; step += 1) {
    const folder = await folderOf({ 'adapter.json': `${token} ${step}` });
    const manifest = await publishArtifact(store, { folder, kind: 'checkpoint' });
    const published = await chain.publish(token, { manifest, step: 10 + step, host: 'newer' });
    expect(published).toBe('published');
  }
  if (trial.newerEnds) expect(await chain.end(token, 'finished', 20)).toBe('ended');
}

async function carryOut(store: ObjectStore, zombie: Zombie, trial: Trial, index: number) {
  const stageKey = digestOf({ SEED, index, run: randomUUID() });
  await zombie.fallAsleep({ ...trial, stageKey });
  const chain = new Chain(store, stageKey);
  const { token } = await chain.acquire(attemptOn('newer', 2));
  const newer = (): Promise<void> => newerAttempt(store, chain, trial, token);
  if (!trial.together) await newer();
  const [woken] = await Promise.all([zombie.wake(), trial.together ? newer() : null]);
  const entries = await Promise.all(
    (await store.list(`chains/${stageKey}/`)).map(async (key) => {
      return JSON.parse(Buffer.from((await store.get(key)) ?? []).toString()) as Entry;
    }),
  );
  expectRefused({ trial, entries, woken, token });
}

interface Entry {
  readonly type: string;
  readonly token?: number;
  readonly host?: string;
  readonly manifest?: unknown;
  readonly newestToken?: number;
}

interface Seen {
  readonly trial: Trial;
  readonly entries: readonly Entry[];
  readonly woken: Awaited<ReturnType<Zombie['wake']>>;
  readonly token: number;
}

/** The losing attempt and its refusal both stand in the journal, and nothing else of it after that. */
function expectRefused({ trial, entries, woken, token }: Seen): void {
  expect(woken.how).toBe('refused');
  expect(entries[woken.token - 1]).toMatchObject({ type: 'acquired', host: 'zombie' });
  expect(entries[token - 1]).toMatchObject({ type: 'acquired', host: 'newer' });
  const after = entries.slice(token);
  expect(after.filter((entry) => entry.token === woken.token)).toEqual([
    expect.objectContaining({
      type: 'refused',
      newestToken: token,
      manifest: woken.manifest,
      host: 'zombie',
    }),
  ]);
  const published = entries.filter(({ type }) => type === 'published');
  expect(published.filter((entry) => entry.token === woken.token)).toHaveLength(trial.publishes);
  expect(published.filter((entry) => entry.token === token)).toHaveLength(trial.newerPublishes);
}

function zombieTrials(name: string, place: () => StoreConfig, longMs: number): void {
  it(
    `${name}: ${TRIALS} zombies wake (seed ${SEED}), none publishes, each refusal is journalled`,
    async () => {
      const home = temporaryFolder();
      const store = await openStore(place(), home, KEYS);
      const zombie = await Zombie.start(place(), home, KEYS);
      try {
        for (const [index, trial] of trials.entries()) await carryOut(store, zombie, trial, index);
      } finally {
        zombie.end();
      }
    },
    longMs,
  );
}

const LIMIT_MS = 60_000 + TRIALS * 10_000;

zombieTrials('local store', () => ({ kind: 'local' }), LIMIT_MS);

describe.skipIf(!hasSeaweed)(`a real SeaweedFS${whySkipped}`, () => {
  let server: Seaweed;
  beforeAll(async () => {
    server = await startSeaweed({ keys: true });
  });
  afterAll(() => server.stop());

  zombieTrials('S3 store', () => server.config('zombies'), LIMIT_MS);
});
