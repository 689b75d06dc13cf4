import { expect, test } from 'vitest';
import type { LedgerEntry } from '../../../src/contracts/journal.js';
import { tellOfNeverReturned } from '../../../src/activities/supervision/never-returned.js';
import { Chain } from '../../../src/store/chain.js';
import { openStore } from '../../../src/store/open-store.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const manifest = { digest: 'a'.repeat(64), bytes: 1 };
const attempt = (host: string) => ({
  planId: 'p',
  stage: 'full-train' as const,
  host,
  boot: host,
  attempt: 1,
});

const FREE = { pricePerHourFen: 0, ledger: [] };

async function chain(): Promise<Chain> {
  return new Chain(await openStore({ kind: 'local' }, temporaryFolder()), 'k');
}

test('a host that never returned gets one post-mortem that claims nothing it cannot know', async () => {
  const journal = await chain();
  const { token } = await journal.acquire(attempt('gone'));
  await journal.publish(token, { manifest, step: 40, host: 'gone' });
  await tellOfNeverReturned(journal, 'full-train', FREE);
  await tellOfNeverReturned(journal, 'full-train', FREE);
  expect((await journal.fold()).postMortems).toMatchObject([
    { lostToken: token, host: 'gone', newestStepKnown: 40, resumedAfterSeconds: null },
  ]);
});

test('an attempt that ended, and one that a later attempt has told of, get none', async () => {
  const journal = await chain();
  const { token } = await journal.acquire(attempt('told'));
  const lost = { host: 'told', noticeSeen: false, lastSeenAt: new Date(0).toISOString() };
  const times = { detectedAfterSeconds: 5, resumedAfterSeconds: 9 };
  const steps = { newestStepKnown: 2, resumedFromStep: 1, stepsLost: 1, moneyLostFen: 0 };
  const kind = { stage: 'full-train', kind: 'host-lost', lostToken: token } as const;
  await journal.postMortem({ ...kind, ...lost, ...times, ...steps });
  const next = await journal.acquire(attempt('done'));
  await journal.end(next.token, 'finished', 60);
  await tellOfNeverReturned(journal, 'full-train', FREE);
  expect((await journal.fold()).postMortems).toMatchObject([{ resumedAfterSeconds: 9 }]);
});

test('what the host was paid for behind its last checkpoint is lost, and no other host’s pay', async () => {
  const journal = await chain();
  const { token } = await journal.acquire(attempt('gone'));
  await journal.publish(token, { manifest, step: 40, host: 'gone' });
  const seen = Date.parse((await journal.fold()).newest!.at);
  const paid = (host: string, seconds: number): LedgerEntry => ({
    type: 'host',
    host,
    stage: 'full-train',
    fen: 1,
    seconds: 1,
    at: new Date(seen + seconds * 1000).toISOString(),
  });
  const ledger = [paid('gone', 10), paid('gone', 20), paid('other', 500)];
  await tellOfNeverReturned(journal, 'full-train', { pricePerHourFen: 3600, ledger });
  expect((await journal.fold()).postMortems).toMatchObject([{ moneyLostFen: 20, stepsLost: 0 }]);
});
