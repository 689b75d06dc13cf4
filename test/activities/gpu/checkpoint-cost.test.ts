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
