import { expect, test } from 'vitest';
import { ManualProvider } from '../../src/hosts/manual.js';
import { writeHostRecord } from '../../src/store/host-records.js';
import { openStore } from '../../src/store/open-store.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const NOW = new Date('2026-01-01T12:00:00.000Z');
const REQUEST = { gpuClass: 'rtx-4090', key: 'stage-0', planId: 'plan' };

async function setUp() {
  const store = await openStore({ kind: 'local' }, temporaryFolder());
  const provider = new ManualProvider({ store, address: '10.0.0.5:7233', now: () => NOW });
  const renewed = (id: string, secondsAgo: number, gpuClass = 'rtx-4090') =>
    writeHostRecord(store, {
      id,
      boot: 'b',
      gpuClass,
      hostname: 'rented',
      pid: 1,
      gpus: [],
      pricePerHourFen: null,
      profile: 'none',
      codeDigest: 'a'.repeat(64),
      freeDiskBytes: 1,
      stage: null,
      planId: null,
      step: null,
      startedAt: '2026-01-01T11:00:00.000Z',
      renewedAt: new Date(NOW.getTime() - 1000 * secondsAgo).toISOString(),
    });
  return { provider, renewed };
}

test('with no host it says which command to run where, and claims to know nothing of liveness', async () => {
  const { provider } = await setUp();
  expect(provider.knowsLiveness).toBe(false);
  expect(await provider.ensure(REQUEST)).toEqual({
    kind: 'person',
    where: 'a machine of class rtx-4090',
    command: 'TEMPORAL_ADDRESS=10.0.0.5:7233 dream-sft worker gpu --gpu-class rtx-4090',
  });
});

test('a host that renewed its record lately is taken; a silent one or another class is not', async () => {
  const { provider, renewed } = await setUp();
  await renewed('silent', 120);
  await renewed('other', 1, 'a100');
  expect(await provider.ensure(REQUEST)).toMatchObject({ kind: 'person' });
  await renewed('fresh', 2);
  expect(await provider.ensure(REQUEST)).toMatchObject({
    kind: 'host',
    started: false,
    host: { id: 'fresh', alive: true },
  });
  expect(await provider.list('rtx-4090')).toMatchObject([
    { id: 'fresh', alive: true },
    { id: 'silent', alive: false },
  ]);
});
