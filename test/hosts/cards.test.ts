import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config/config.js';
import { CardInUseError, holdCards, holderOfCards } from '../../src/hosts/cards.js';
import { LocalProcessProvider } from '../../src/hosts/local-process.js';
import { processIdentity } from '../../src/processes/identity.js';
import { scriptedNvidiaSmi, withoutNvidiaSmi } from '../processes/support/scripted-nvidia-smi.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const twoCards = () =>
  scriptedNvidiaSmi(`echo '0, GPU-aa11, Some GPU'\necho '1, GPU-bb22, Some GPU'`);

const machine = (visibleCards: string | null = null, home = temporaryFolder()) => ({
  home,
  hostname: 'box',
  visibleCards,
});

const refusal = (held: Promise<void>): Promise<unknown> =>
  held.then(
    () => null,
    (error: unknown) => error,
  );

test('the second worker on a card is refused: which card, whose it is, and what to do', async () => {
  twoCards();
  const where = machine();
  await holdCards(where, 'box-1');
  const error = await refusal(holdCards(where, 'box-2'));
  expect(error).toBeInstanceOf(CardInUseError);
  expect(error).toMatchObject({
    exitCode: 5,
    message:
      `Card 0 (Some GPU) is taken by GPU worker box-1 (pid ${process.pid}) of this home.\n` +
      'End that one first, or give this one another card with CUDA_VISIBLE_DEVICES.',
  });
});

test('workers on different cards, named by number or UUID, do not meet', async () => {
  twoCards();
  const { home } = machine();
  await holdCards(machine('1', home), 'box-1');
  await holdCards(machine('GPU-aa', home), 'box-2');
  expect(await holderOfCards(machine('1', home))).toMatchObject({ note: 'box-1' });
  expect(await holderOfCards(machine('0', home))).toMatchObject({ note: 'box-2' });
  expect(await refusal(holdCards(machine('0,1', home), 'box-3'))).toBeInstanceOf(CardInUseError);
});

test('other homes, machines without a card and workers that see none are free', async () => {
  twoCards();
  const where = machine();
  await holdCards(where, 'box-1');
  await holdCards(machine(), 'box-2');
  await holdCards({ ...where, visibleCards: '' }, 'box-3');
  await holdCards({ ...where, hostname: 'chest' }, 'chest-1');
  withoutNvidiaSmi();
  await holdCards(where, 'box-4');
  expect(await holderOfCards(where)).toBeNull();
});

test('the card of a worker that has died is free again', async () => {
  twoCards();
  const where = machine('0');
  await holdCards(where, 'box-1');
  const [name = ''] = readdirSync(join(where.home, 'hosts', 'cards'));
  const path = join(where.home, 'hosts', 'cards', name);
  const claim = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  writeFileSync(path, JSON.stringify({ ...claim, startTime: 'of a process long gone' }));
  expect(await holderOfCards(where)).toBeNull();
  await holdCards(where, 'box-2');
  expect(await holderOfCards(where)).toMatchObject({ note: 'box-2', pid: process.pid });
});

test('a provider starts no host on a card that a hand-started worker has: a person is told', async () => {
  twoCards();
  const config = loadConfig({ home: temporaryFolder(), hostname: 'box', visibleCards: null });
  await holdCards(config, 'box-1');
  const provider = new LocalProcessProvider(config);
  expect(await provider.ensure({ gpuClass: 'local', key: 'stage-0', planId: 'plan' })).toEqual({
    kind: 'person',
    where: 'box',
    command: `kill ${process.pid} (GPU worker box-1, which has the card)`,
  });
  expect(await provider.list('local')).toEqual([]);
});

test('who asks for a host that has just taken the card gets that host, not the advice to kill it', async () => {
  twoCards();
  const config = loadConfig({ home: temporaryFolder(), hostname: 'box', visibleCards: null });
  const folder = join(config.home, 'hosts', 'local-1');
  mkdirSync(folder, { recursive: true });
  const known = { id: 'local-1', gpuClass: 'local', key: 'stage-0', planId: 'plan' };
  const record = { ...known, startedAt: '2026-11-30T10:00:00.000Z' };
  const identity = await processIdentity(process.pid);
  writeFileSync(join(folder, 'host.json'), JSON.stringify({ ...record, process: identity }));
  await holdCards(config, 'local-1');
  const provider = new LocalProcessProvider(config);
  expect(await provider.ensure({ gpuClass: 'local', key: 'stage-0', planId: 'plan' })).toEqual({
    kind: 'host',
    host: { ...record, alive: true, tenure: null },
    started: false,
  });
  // Another stage's is refused while that one lives.
  expect(
    await provider.ensure({ gpuClass: 'local', key: 'stage-1', planId: 'plan' }),
  ).toMatchObject({ kind: 'person' });
});
