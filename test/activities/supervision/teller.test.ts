import { expect, test } from 'vitest';
import { Teller } from '../../../src/activities/supervision/teller.js';
import type { StageNews } from '../../../src/contracts/state.js';

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
