import { expect, it } from 'vitest';
import { CheckpointCost } from '../../../src/activities/gpu/checkpoint-cost.js';

it('is unknown before the first, and then the worst of the last twenty, each of its kind', () => {
  const cost = new CheckpointCost();
  expect([cost.saveSeconds, cost.publishSeconds]).toEqual([null, null]);
  cost.saved(3);
  expect([cost.saveSeconds, cost.publishSeconds]).toEqual([3, null]);
  cost.published(40);
  for (let n = 0; n < 19; n += 1) cost.published(1);
  expect(cost.publishSeconds).toBe(40);
  cost.published(2);
  expect(cost.publishSeconds).toBe(2);
});

it('a clock that was set back makes nothing negative', () => {
  const cost = new CheckpointCost();
  cost.saved(-5);
  expect(cost.saveSeconds).toBe(0);
});

it('of the stall, which is paid each time, it tells the median; of what holds now the last three', () => {
  const cost = new CheckpointCost();
  expect([cost.stallSeconds, cost.recentSaveSeconds, cost.recentPublishSeconds]).toEqual([
    null,
    null,
    null,
  ]);
  for (const seconds of [4, 1.5]) cost.stalled(seconds);
  expect(cost.stallSeconds).toBe(1.5);
  for (const seconds of [1, 2, 3]) cost.stalled(seconds);
  expect(cost.stallSeconds).toBe(2);
  for (const seconds of [90, 10, 11, 9]) {
    cost.saved(seconds / 10);
    cost.published(seconds);
  }
  expect([cost.recentSaveSeconds, cost.recentPublishSeconds]).toEqual([1.1, 11]);
  expect([cost.saveSeconds, cost.publishSeconds]).toEqual([9, 90]);
});
