import { expect, it } from 'vitest';
import { doom, untilSpared } from '../../src/store/doomed.js';
import { digest, localStore } from './support/examples.js';

const PATIENCE = { pollMs: 1, patienceMs: 5 };

it('lets pass who wants nothing of what is doomed', async () => {
  const store = await localStore();
  await doom(store, [digest('a')]);
  await untilSpared(store, new Set([digest('b')]), { pollMs: 1, patienceMs: Infinity });
  expect(await store.list('doomed/')).toHaveLength(1);
});

it('waits until the mark is taken away', async () => {
  const store = await localStore();
  const mark = await doom(store, [digest('a'), digest('b')]);
  const order: string[] = [];
  const forever = { pollMs: 1, patienceMs: Infinity };
  const spared = untilSpared(store, new Set([digest('b')]), forever).then(() => order.push('on'));
  order.push('deleted');
  await mark.takeAway();
  await spared;
  expect(order).toEqual(['deleted', 'on']);
});

it('takes away the mark of one that has died, when patience ends', async () => {
  const store = await localStore();
  const mark = await doom(store, [digest('a')]);
  expect(await mark.stands()).toBe(true);
  await untilSpared(store, new Set([digest('a')]), PATIENCE);
  expect(await store.list('doomed/')).toEqual([]);
  expect(await mark.stands()).toBe(false);
});

it('takes away marks older than an hour when it makes its own', async () => {
  const store = await localStore();
  await doom(store, [digest('a')], 0);
  await doom(store, [digest('b')], 3_600_000);
  expect(await store.list('doomed/')).toHaveLength(2);
  await doom(store, [digest('c')], 3_600_001);
  expect(await store.list('doomed/')).toHaveLength(2);
});
