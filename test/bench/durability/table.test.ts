import { expect, test } from 'vitest';
import { summarise, tableOf } from '../../../bench/durability/table.mjs';

const trial = (change: object) => ({
  system: 'ours',
  fault: 'host-killed',
  detectedAfterSeconds: 5,
  resumedAfterSeconds: 8,
  stepsLost: 3,
  stepsRepeated: 3,
  zombieWritesAccepted: 0,
  zombieWritesRefused: 0,
  ended: 'finished',
  sameWeights: true,
  sameOrder: true,
  ...change,
});

test('a line is of one system and fault: medians of times and steps, sums of writes, counts of equals', () => {
  const lines = summarise([
    trial({}),
    trial({ detectedAfterSeconds: 7, stepsLost: 9, zombieWritesRefused: 1 }),
    trial({
      detectedAfterSeconds: null,
      resumedAfterSeconds: null,
      ended: 'given up',
      sameOrder: false,
    }),
    trial({ system: 'bash', zombieWritesAccepted: 2, zombieWritesRefused: null }),
  ]);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatchObject({
    system: 'ours',
    trials: 3,
    noticed: 2,
    detectedAfterSeconds: 6,
    resumedAfterSeconds: 8,
    stepsLost: 3,
    zombieWritesRefused: 1,
    finished: 2,
    sameHashes: 2,
  });
  expect(lines[1]).toMatchObject({
    system: 'bash',
    zombieWritesAccepted: 2,
    zombieWritesRefused: 0,
  });
});

test('the table says – where nothing was seen, and how many of the trials are equal', () => {
  const unseen = { detectedAfterSeconds: null, resumedAfterSeconds: null, stepsLost: null };
  const lines = tableOf([trial(unseen), trial({ ...unseen, sameWeights: false })]).split('\n');
  expect(lines).toHaveLength(3);
  expect(lines[2]).toBe('| ours | host-killed | – | – | – | 3 | 0 | 1 of 2 |');
});
