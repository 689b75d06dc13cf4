import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ObjectStore } from '../../src/store/object-store.js';
import { openStore } from '../../src/store/open-store.js';
import { chainContract } from './chain.contract.js';
import { collectGarbageContract } from './collect-garbage.contract.js';
import { journalContract } from './journal.contract.js';
import { ledgerContract } from './ledger.contract.js';
import { objectStoreContract } from './object-store.contract.js';
import { hasSeaweed, KEYS, startSeaweed, whySkipped, type Seaweed } from './support/seaweed.js';

describe.skipIf(!hasSeaweed)(`S3 store on a real SeaweedFS${whySkipped}`, () => {
  let server: Seaweed;
  const fresh = (): Promise<ObjectStore> =>
    openStore(server.config(`test/${randomUUID()}`), '/unused', KEYS);

  beforeAll(async () => {
    server = await startSeaweed({ keys: true });
  });
  afterAll(() => server.stop());

  objectStoreContract('S3 store', fresh);
  journalContract('S3 store', fresh);
  chainContract('S3 store', fresh);
  ledgerContract('S3 store', fresh);
  collectGarbageContract('S3 store', fresh);

  it('leaves nothing of its probe', async () => {
    expect(await (await fresh()).list('')).toEqual([]);
  });

  it('sees nothing outside its prefix', async () => {
    const prefix = `test/${randomUUID()}`;
    const inner = await openStore(server.config(`${prefix}/inner`), '/unused', KEYS);
    await (await openStore(server.config(prefix), '/unused', KEYS)).put('outer', Buffer.from('x'));
    expect(await inner.list('')).toEqual([]);
  });
});
