import { expect, test } from 'vitest';
import { measure, writesOfZombies } from '../../../bench/durability/measures.mjs';

const step = (number: number, at: number) => ({ type: 'step', step: number, at });
const ready = (from: number, at: number) => ({ type: 'ready', step: from, at });
const wrote = (at: number) => ({ type: 'checkpoint-ready', at });

const steps = (from: number, to: number, begun: number) =>
  Array.from({ length: to - from + 1 }, (_, n) => step(from + n, begun + n * 100));

const straight = { weightsSha256: 'w', orderHash: 'o' };
const finished = { ended: 'finished', zombieWritesAccepted: 0, ...straight };

test('a killed trainer: what was made after the newest checkpoint is lost, and made again', () => {
  const killed = { pid: 1, parent: 10, at: 0, events: [ready(0, 500), ...steps(1, 27, 1000)] };
  const next = {
    pid: 2,
    parent: 20,
    at: 8000,
    events: [ready(20, 9500), ...steps(21, 40, 10_000)],
  };
  const found = measure({
    processes: [killed, next],
    strike: { pid: 1, at: 3650 },
    outcome: finished,
    straight,
  });
  expect(found).toEqual({
    stepAtStrike: 27,
    detectedAfterSeconds: 4.35,
    resumedAfterSeconds: 6.35,
    stepsLost: 7,
    stepsRepeated: 7,
    trainers: 2,
    zombieWritesAccepted: 0,
    zombieWritesRefused: null,
    ended: 'finished',
    sameWeights: true,
    sameOrder: true,
  });
});

test('what a zombie makes after it woke is repeated work, not work that the blow cost', () => {
  const frozen = {
    pid: 1,
    parent: 10,
    at: 0,
    events: [ready(0, 100), ...steps(1, 10, 200), ...steps(11, 14, 20_000)],
  };
  const next = { pid: 2, parent: 20, at: 6000, events: [ready(10, 7000), ...steps(11, 40, 7100)] };
  const found = measure({
    processes: [frozen, next],
    strike: { pid: 1, at: 1200, wokenAt: 19_000 },
    outcome: { ...finished, zombieWritesRefused: 1, weightsSha256: 'other' },
    straight,
  });
  expect(found).toMatchObject({
    stepAtStrike: 10,
    stepsLost: 0,
    stepsRepeated: 4,
    zombieWritesRefused: 1,
    asleepSeconds: 17.8,
    sameWeights: false,
    sameOrder: true,
  });
});

test('a struck trainer that nobody follows has lost nothing that could be told', () => {
  const only = { pid: 1, parent: 10, at: 0, events: [ready(0, 100), ...steps(1, 5, 200)] };
  const found = measure({
    processes: [only],
    strike: { pid: 1, at: 700 },
    outcome: { ...finished, ended: 'given up' },
    straight,
  });
  expect(found).toMatchObject({
    detectedAfterSeconds: null,
    resumedAfterSeconds: null,
    stepsLost: null,
    stepsRepeated: 0,
    trainers: 1,
  });
});

test('only what the struck host writes once a trainer of another host is ready is a zombie write', () => {
  const struck = { pid: 1, parent: 10, at: 0, events: [wrote(500), wrote(9000), wrote(12_000)] };
  const again = { pid: 3, parent: 10, at: 11_000, events: [{ type: 'result', at: 13_000 }] };
  const next = { pid: 2, parent: 20, at: 6000, events: [ready(10, 10_000), wrote(14_000)] };
  const blow = { at: 1000, parent: 10 };
  expect(writesOfZombies([struck, next, again], blow)).toBe(2);
  // Nobody else is ready: whatever it writes is its own.
  expect(writesOfZombies([struck, again], blow)).toBe(0);
});
