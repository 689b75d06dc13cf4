import { expect, test } from 'vitest';
import { ofRunInAll } from '../../../src/activities/supervision/of-run.js';
import { WorkChains } from '../../../src/activities/supervision/work-chains.js';
import { Chain } from '../../../src/store/chain.js';
import { openStore } from '../../../src/store/open-store.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const [STAGE, FIRST, SECOND] = ['a', 'b', 'c'].map((letter) => letter.repeat(64)) as [
  string,
  string,
  string,
];

test('hosts are journalled under the stage key, attempts under that of each shard', async () => {
  const store = await openStore({ kind: 'local' }, temporaryFolder());
  const who = { planId: 'p', stage: 'eval-before', host: 'h', boot: 'b', attempt: 1 } as const;
  await new Chain(store, FIRST).acquire({ ...who, run: 'earlier' });
  await new Chain(store, SECOND).acquire({ ...who, run: 'mine' });
  const chains = new WorkChains(store, STAGE, [FIRST, SECOND]);
  await chains.booted({ key: `${STAGE}#0`, host: 'h' });
  const { boots, works } = await chains.fold();
  expect(boots.map(({ host }) => host)).toEqual(['h']);
  expect(works.map(({ attempts }) => attempts.length)).toEqual([1, 1]);
  // Both shards have a token 1; only one of them is of this run.
  expect(ofRunInAll(works, 'mine').attempts.map(({ run }) => run)).toEqual(['mine']);
  expect((await new Chain(store, STAGE).fold()).boots).toHaveLength(1);
});

test('a stage that is one work has one chain for both', async () => {
  const store = await openStore({ kind: 'local' }, temporaryFolder());
  const chains = new WorkChains(store, STAGE, [STAGE]);
  await chains.booted({ key: 'k', host: 'h' });
  const { boots, works } = await chains.fold();
  expect(works).toHaveLength(1);
  expect(works[0]?.boots).toEqual(boots);
});
