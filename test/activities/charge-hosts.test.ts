import { expect, test } from 'vitest';
import { HostMeter } from '../../src/activities/charge-hosts.js';
import type { HostRecord } from '../../src/contracts/journal.js';
import type { StageName } from '../../src/contracts/stages.js';
import type { Host } from '../../src/hosts/provider.js';
import { writeHostRecord } from '../../src/store/host-records.js';
import { Ledger } from '../../src/store/ledger.js';
import { openStore } from '../../src/store/open-store.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const at = (seconds: number): string => new Date(1_000_000_000_000 + seconds * 1000).toISOString();
const host = (change: Partial<Host>): Host => ({
  id: 'h',
  gpuClass: 'c',
  planId: null,
  key: '',
  alive: true,
  startedAt: at(0),
  tenure: null,
  ...change,
});
const own = (change: Partial<Host> = {}): Host => host({ planId: 'p', ...change });
const handStarted = (planId: string, since: number, until: number): Host =>
  host({ tenure: { planId, since: at(since), until: at(until) } });

const FEN_A_SECOND = 3600;
const FEN_IN_HALF_A_MINUTE = 120;

async function world(pricePerHourFen: number) {
  const store = await openStore({ kind: 'local' }, temporaryFolder());
  const ledger = new Ledger(store, 'p');
  let hosts: readonly Host[] = [];
  const provider = { list: () => Promise.resolve(hosts) };
  const meter = (stage: StageName = 'full-train'): HostMeter =>
    new HostMeter(
      { ledger, provider, store },
      { planId: 'p', stage, hosts: { gpuClass: 'c', pricePerHourFen } },
    );
  const read = async (of: HostMeter, seconds: number, seen: Host[], stageEnds = false) => {
    hosts = seen;
    const leftFen = await of.read(new Date(at(seconds)), { stageEnds });
    return (await ledger.totalFen()) + leftFen;
  };
  const secondsBy = async (of: 'stage' | 'host'): Promise<Record<string, number>> => {
    const sums: Record<string, number> = {};
    for (const entry of await ledger.entries()) {
      if (entry.type === 'host') sums[entry[of]] = (sums[entry[of]] ?? 0) + entry.seconds;
    }
    return sums;
  };
  return { store, ledger, meter, read, secondsBy };
}

test('a host that the plan had started is charged from its start', async () => {
  const { meter, read } = await world(FEN_A_SECOND);
  const stage = meter();
  expect(await read(stage, 100, [own()])).toBe(100);
  expect(await read(stage, 130, [own(), host({ id: 'x', planId: 'q' })])).toBe(130);
});

const CNY_12_AN_HOUR = 1200;

test('looked at each second, what is spent is exact, and the entries are few', async () => {
  const { ledger, meter, read, secondsBy } = await world(CNY_12_AN_HOUR);
  const stage = meter();
  for (let second = 1; second <= 300; second += 1) {
    const hosts = [own(), own({ id: 'i', startedAt: at(0.5), alive: second <= 100 })];
    const other = Math.min(second, 100) - 0.5;
    const due = Math.ceil(second / 3) + Math.ceil(other / 3);
    expect(await read(stage, second, hosts)).toBe(due);
  }
  expect(await read(stage, 301.25, [own()], true)).toBe(101 + 34);
  expect(await secondsBy('host')).toEqual({ h: 301.25, i: 99.5 });
  expect(await ledger.totalFen()).toBe(101 + 34);
  expect(await ledger.entries()).toHaveLength(11 + 4);
});

test('a hand-started host is charged while it works for the plan, up to its last sign of life', async () => {
  const { meter, read } = await world(FEN_A_SECOND);
  const stage = meter();
  expect(await read(stage, 5000, [host({})])).toBe(0);
  expect(await read(stage, 5000, [handStarted('p', 4000, 4010)])).toBe(10);
  expect(await read(stage, 5000, [handStarted('p', 4000, 4010)])).toBe(10);
  expect(await read(stage, 5000, [handStarted('p', 4000, 4025)])).toBe(25);
});

test('its time for another plan costs that plan, and a second time here counts anew', async () => {
  const { meter, read, secondsBy } = await world(FEN_A_SECOND);
  const stage = meter();
  expect(await read(stage, 5000, [handStarted('p', 4000, 4010)])).toBe(10);
  expect(await read(stage, 5000, [handStarted('q', 4010, 4500)])).toBe(10);
  expect(await read(stage, 5000, [handStarted('p', 4500, 4507)])).toBe(17);
  expect(await read(stage, 5000, [handStarted('p', 4500, 4507)], true)).toBe(17);
  expect(await secondsBy('host')).toEqual({
    [`h since ${at(4000)}`]: 10,
    [`h since ${at(4500)}`]: 7,
  });
});

test('every second of a whole plan is charged once, to the stage it fell into', async () => {
  const { ledger, meter, read, secondsBy } = await world(FEN_IN_HALF_A_MINUTE);
  const [smoke, before, train, after] = (
    ['smoke-train', 'eval-before', 'full-train', 'eval-after'] as const
  ).map(meter) as [HostMeter, HostMeter, HostMeter, HostMeter];
  for (let second = 1; second <= 12; second += 1) await read(smoke, second, [own()]);
  await read(meter('smoke-train'), 12.5, [own()], true);
  for (let second = 13; second <= 30; second += 1) await read(before, second, [own()]);
  await read(meter('eval-before'), 30.25, [own()], true);
  for (let second = 31; second <= 57; second += 1) await read(train, second, [own()]);
  const gone = own({ alive: false });
  const second = own({ id: 'i', startedAt: at(58) });
  for (let now = 58; now <= 90; now += 1) await read(train, now, [gone, second]);
  await read(meter('full-train'), 90.5, [gone, second], true);
  for (let now = 91; now <= 102; now += 1) await read(after, now, [gone, second]);
  const close = meter('eval-after');
  await read(close, 102.75, [gone, second], true);
  await close.released(second, new Date(at(103.5)));
  expect(await secondsBy('stage')).toEqual({
    'smoke-train': 12.5,
    'eval-before': 17.75,
    'full-train': 57 - 30.25 + (90.5 - 58),
    'eval-after': 103.5 - 90.5,
  });
  expect(await secondsBy('host')).toEqual({ h: 57, i: 103.5 - 58 });
  // 57 s and 45.5 s at a fen per 30 s, each begun fen counted.
  expect(await ledger.totalFen()).toBe(2 + 2);
});

test('closing again after the hosts have gone charges nothing more', async () => {
  const { ledger, meter, read } = await world(FEN_IN_HALF_A_MINUTE);
  const close = meter();
  await read(close, 40, [own()], true);
  await close.released(own(), new Date(at(41)));
  const entries = await ledger.entries();
  await read(meter(), 500, [own({ alive: false })], true);
  expect(await ledger.entries()).toEqual(entries);
});

test('a host whose end nobody saw is charged until its own last sign of life', async () => {
  const { store, meter, read, secondsBy } = await world(FEN_IN_HALF_A_MINUTE);
  await read(meter(), 10, [own()]);
  await writeHostRecord(store, record(47));
  const afterRestart = meter();
  await read(afterRestart, 300, [own({ alive: false })]);
  await read(afterRestart, 301, [own({ alive: false })]);
  expect(await secondsBy('host')).toEqual({ h: 47 });
});

test('another price later does not charge again what is charged', async () => {
  const cheap = await world(FEN_IN_HALF_A_MINUTE);
  await cheap.read(cheap.meter(), 60, [own()], true);
  const spent = await cheap.ledger.totalFen();
  const dear = { gpuClass: 'c', pricePerHourFen: FEN_A_SECOND };
  const provider = { list: () => Promise.resolve([own({ alive: false })]) };
  const from = { ledger: cheap.ledger, provider, store: cheap.store };
  const meter = new HostMeter(from, { planId: 'p', stage: 'full-train', hosts: dear });
  await meter.read(new Date(at(900)), { stageEnds: true });
  expect(await cheap.ledger.totalFen()).toBe(spent);
});

const record = (renewedAt: number): HostRecord => ({
  id: 'h',
  boot: 'b',
  gpuClass: 'c',
  hostname: 'here',
  pid: 1,
  gpus: [],
  pricePerHourFen: null,
  profile: 'none',
  codeDigest: 'a'.repeat(64),
  freeDiskBytes: 1,
  stage: 'full-train',
  planId: 'p',
  step: 3,
  keptSince: at(0),
  startedAt: at(0),
  renewedAt: at(renewedAt),
});
