import { expect, test } from 'vitest';
import type { ResolvedPlan } from '../../../src/contracts/plan.js';
import { validations } from '../../../src/workflows/policy/validations.js';

const training = (
  validation: { everySteps?: number; atEpochEnd: boolean } | null,
  documentsPerStep = 16,
): ResolvedPlan['training'] =>
  ({
    documentsPerStep,
    validation: validation && { tGrid: 8, ...validation },
  }) as unknown as ResolvedPlan['training'];

test('a training that does not validate has none', () => {
  expect(validations(training(null), 1000, 188)).toBe(0);
});

test('at the end of each epoch and after the last step, which may be the same', () => {
  // 968 rows, 16 a step: epochs end in steps 61, 121 and 182, the last.
  expect(validations(training({ atEpochEnd: true }), 968, 182)).toBe(3);
  expect(validations(training({ atEpochEnd: true }), 968, 183)).toBe(4);
  expect(validations(training({ atEpochEnd: true }), 968, 10)).toBe(1);
});

test('every so many steps besides, a step once', () => {
  expect(validations(training({ everySteps: 20, atEpochEnd: true }), 968, 182)).toBe(9 + 3);
  expect(validations(training({ everySteps: 61, atEpochEnd: true }), 968, 182)).toBe(2 + 2);
  expect(validations(training({ everySteps: 20, atEpochEnd: false }), 968, 200)).toBe(10);
});

test('a step larger than the data ends an epoch each time', () => {
  expect(validations(training({ atEpochEnd: true }, 64), 24, 5)).toBe(5);
});
