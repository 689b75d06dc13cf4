import { expect, test } from 'vitest';
import { chargeHosts } from '../../src/activities/charge-hosts.js';
import type { Host, HostProvider } from '../../src/hosts/provider.js';
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
const handStarted = (planId: string, since: number, until: number): Host =>
  host({ tenure: { planId, since: at(since), until: at(until) } });

/** One fen a second. */
const hosts = { gpuClass: 'c', pricePerHourFen: 3600 };

async function ledgerOf() {
  const ledger = new Ledger(await openStore({ kind: 'local' }, temporaryFolder()), 'p');
  const charge = async (seconds: number, ...living: Host[]): Promise<number> => {
    const provider = { list: () => Promise.resolve(living) } as unknown as HostProvider;
    const stage = 'full-train' as const;
    await chargeHosts(ledger, provider, new Date(at(seconds)), { planId: 'p', stage, hosts });
    return ledger.totalFen();
  };
  return { ledger, charge };
}

test('a host that the plan had started is charged from its start', async () => {
  const { charge } = await ledgerOf();
  expect(await charge(100, host({ planId: 'p' }))).toBe(100);
  expect(await charge(130, host({ planId: 'p' }), host({ id: 'x', planId: 'q' }))).toBe(130);
});

test('a hand-started host is charged while it works for the plan, up to its last sign of life', async () => {
  const { charge } = await ledgerOf();
  expect(await charge(5000, host({}))).toBe(0);
  expect(await charge(5000, handStarted('p', 4000, 4010))).toBe(10);
  expect(await charge(5000, handStarted('p', 4000, 4010))).toBe(10);
  expect(await charge(5000, handStarted('p', 4000, 4025))).toBe(25);
});

test('its time for another plan costs that plan, and a second time here counts anew', async () => {
  const { charge, ledger } = await ledgerOf();
  expect(await charge(5000, handStarted('p', 4000, 4010))).toBe(10);
  expect(await charge(5000, handStarted('q', 4010, 4500))).toBe(10);
  expect(await charge(5000, handStarted('p', 4500, 4507))).toBe(17);
  const charged = (await ledger.entries()).map((entry) => entry.type === 'host' && entry.host);
  expect(charged).toEqual([`h since ${at(4000)}`, `h since ${at(4500)}`]);
});
