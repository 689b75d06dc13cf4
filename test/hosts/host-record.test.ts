import { pino } from 'pino';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { HostRecordKeeper } from '../../src/hosts/host-record.js';
import { readHostRecords } from '../../src/store/host-records.js';
import { LocalStore } from '../../src/store/local-store.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

let clock: number;
beforeEach(() => {
  clock = Date.parse('2026-01-01T00:00:00.000Z');
});

const WORK = { planId: 'plan', stage: 'full-train', step: 7 };

/** Each look at its clock is a second later, so that every renewal is another. */
async function keeper(periodMs = 5) {
  const store = await LocalStore.open(temporaryFolder());
  const host = new HostRecordKeeper({
    store,
    id: 'host',
    gpuClass: 'local',
    hostname: 'here',
    home: temporaryFolder(),
    codeDigest: 'a'.repeat(64),
    periodMs,
    now: () => new Date((clock += 1000)),
    log: pino({ level: 'silent' }),
  });
  onTestFinished(() => host.end());
  return { host, store };
}

const renewedAt = async (store: LocalStore) => (await readHostRecords(store))[0]?.renewedAt ?? '';

const renewedAfter = (store: LocalStore, at: string) =>
  until(`the record is newer than ${at}`, async () => (await renewedAt(store)) > at);

test('a host is recorded when it starts, renewed while it lives, and gone when it has ended', async () => {
  const { host, store } = await keeper();
  await host.start();
  const [first] = await readHostRecords(store);
  expect(first).toMatchObject({ id: 'host', boot: host.boot, planId: null, stage: null });
  await renewedAfter(store, first!.renewedAt);
  await host.end();
  expect(await readHostRecords(store)).toEqual([]);
});

test('the store of a plan hears of the host and of what it does', async () => {
  const { host } = await keeper();
  const other = await LocalStore.open(temporaryFolder());
  await host.start();
  host.work(WORK, other);
  await until('it is told there', async () => (await readHostRecords(other)).length === 1);
  expect((await readHostRecords(other))[0]).toMatchObject(WORK);
});

test('a store that does not answer delays no other, and gathers no renewals', async () => {
  const { host, store } = await keeper();
  const stuck = await LocalStore.open(temporaryFolder());
  const answers: (() => void)[] = [];
  const put = vi
    .spyOn(stuck, 'put')
    .mockImplementation(() => new Promise<void>((resolve) => answers.push(resolve)));
  await host.start();
  host.work(WORK, stuck);
  await until('it has been asked', async () => put.mock.calls.length === 1);
  for (let round = 0; round < 3; round += 1) await renewedAfter(store, await renewedAt(store));
  expect(put).toHaveBeenCalledTimes(1);
  answers.shift()!();
  await until('it is asked again', async () => put.mock.calls.length === 2);
  put.mockRestore();
  answers.shift()!();
});

test('a store that is away does not keep the record from the others', async () => {
  const { host, store } = await keeper();
  const away = await LocalStore.open(temporaryFolder());
  const other = await LocalStore.open(temporaryFolder());
  vi.spyOn(away, 'put').mockRejectedValue(new Error('no route to host'));
  await host.start();
  host.work(WORK, away);
  host.work(WORK, other);
  await until('the last store is told', async () => (await readHostRecords(other)).length === 1);
  await renewedAfter(store, await renewedAt(store));
  expect(await readHostRecords(away)).toEqual([]);
});
