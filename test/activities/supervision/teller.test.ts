import { expect, test } from 'vitest';
import { Teller } from '../../../src/activities/supervision/teller.js';
import type { PostMortem } from '../../../src/contracts/journal.js';
import type { StageNews } from '../../../src/contracts/state.js';
import { postMortemOf } from '../../workflows/support/scripted-post-mortem.mjs';

const START = Date.parse('2026-11-24T10:00:00.000Z');
const news = (seconds: number, change: Partial<StageNews> = {}): StageNews => ({
  stage: 'full-train',
  stageKey: 'a'.repeat(64),
  attempts: 1,
  activityState: 'started',
  host: 'h',
  waitingFor: null,
  done: 0,
  total: null,
  loss: null,
  tokensPerSecond: null,
  publishedStep: null,
  interruptions: 0,
  postMortems: [],
  spentFen: 0,
  capReached: false,
  at: new Date(START + seconds * 1000).toISOString(),
  ...change,
});

async function told(expected: number | null, all: readonly StageNews[]): Promise<number[]> {
  const at: number[] = [];
  const teller = new Teller(async (one) => void at.push(Date.parse(one.at) - START), expected);
  for (const one of all) await teller.tell(one);
  return at.map((ms) => ms / 1000);
}

test('a change is told at once; steps, loss and money are none', async () => {
  const changes: Partial<StageNews>[] = [
    {},
    { done: 7, loss: 1.5, tokensPerSecond: 9, spentFen: 4 },
    { attempts: 2 },
    { attempts: 2, waitingFor: 'somebody' },
    { attempts: 2, publishedStep: 5 },
    { attempts: 2, publishedStep: 9 },
    { attempts: 2, publishedStep: 9, interruptions: 1 },
    { attempts: 2, publishedStep: 9, interruptions: 1, capReached: true },
  ];
  const all = changes.map((change, second) => news(second, change));
  expect(await told(null, all)).toEqual([0, 2, 3, 4, 6, 7]);
});

test('without a change a sign of life goes out each half minute, or 250 times a long stage', async () => {
  const each = Array.from({ length: 121 }, (_, second) => news(second));
  expect(await told(null, each)).toEqual([0, 30, 60, 90, 120]);
  expect(await told(250 * 50, each)).toEqual([0, 50, 100]);
});

test('what could not be told is told again', async () => {
  const reached: string[] = [];
  let away = true;
  const teller = new Teller(async ({ at }) => {
    if (away) throw new Error('the server is away');
    reached.push(at);
  }, null);
  await expect(teller.tell(news(0))).rejects.toThrow('away');
  away = false;
  await teller.tell(news(1));
  expect(reached).toEqual([news(1).at]);
});

const lost = (token: number): PostMortem =>
  postMortemOf('full-train', {
    token,
    host: `host-${token}`,
    at: new Date(START).toISOString(),
  });

/** A host is lost in every second, and each loss stands in the news for ever. */
const lossesIn = (seconds: number): StageNews[] => {
  const all = Array.from({ length: seconds }, (_, token) => lost(token));
  return all.map((_, second) =>
    news(second, { interruptions: second + 1, postMortems: all.slice(0, second + 1) }),
  );
};

test('a loss each second: the first are told at once, then they share signals, and none is left out', async () => {
  const signals: StageNews[] = [];
  const teller = new Teller(async (one) => void signals.push(one), null);
  for (const one of lossesIn(1000)) await teller.tell(one);
  const at = signals.map((one) => (Date.parse(one.at) - START) / 1000);
  expect(at.slice(0, 31)).toEqual(Array.from({ length: 31 }, (_, second) => second));
  // One turn comes back every half minute, and one signal is a sign of life.
  expect(signals.length).toBeLessThanOrEqual(31 + 2 * Math.ceil(1000 / 30));
  const tokens = signals.flatMap(({ postMortems }) => postMortems.map((one) => one.lostToken));
  expect(new Set(tokens).size).toBe(tokens.length);
  expect(tokens).toEqual(
    Array.from({ length: signals.at(-1)!.interruptions }, (_, token) => token),
  );
  expect(at.at(-1)).toBeGreaterThan(960);
});

test('a day without a known end costs few signals, and a cap is told although they are used up', async () => {
  const calm = Array.from({ length: 86_400 / 10 }, (_, ten) => news(10 * ten));
  expect((await told(null, calm)).length).toBeLessThan(260);
  const signals: StageNews[] = [];
  const teller = new Teller(async (one) => void signals.push(one), null);
  for (const one of lossesIn(45)) await teller.tell(one);
  const before = signals.length;
  await teller.tell(news(45, { interruptions: 45, capReached: true }));
  expect(signals.slice(before)).toMatchObject([{ capReached: true, interruptions: 45 }]);
});

test('a supervisor that was started again tells no more than 200 at once', async () => {
  const signals: StageNews[] = [];
  const teller = new Teller(async (one) => void signals.push(one), null);
  await teller.tell(lossesIn(1000).at(-1)!);
  expect(signals[0]?.postMortems).toHaveLength(200);
  expect(signals[0]?.postMortems.at(-1)?.lostToken).toBe(999);
});
