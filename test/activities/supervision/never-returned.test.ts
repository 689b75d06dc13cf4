import { expect, test } from 'vitest';
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

async function chain(): Promise<Chain> {
  return new Chain(await openStore({ kind: 'local' }, temporaryFolder()), 'k');
}

test('a host that never returned gets one post-mortem that claims nothing it cannot know', async () => {
  const journal = await chain();
  const { token } = await journal.acquire(attempt('gone'));
  await journal.publish(token, { manifest, step: 40, host: 'gone' });
  await tellOfNeverReturned(journal, 'full-train');
  await tellOfNeverReturned(journal, 'full-train');
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
  await tellOfNeverReturned(journal, 'full-train');
  expect((await journal.fold()).postMortems).toMatchObject([{ resumedAfterSeconds: 9 }]);
});
