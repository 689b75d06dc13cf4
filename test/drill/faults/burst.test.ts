import fc from 'fast-check';
import { expect, it } from 'vitest';
import { burstGaps } from '../../../src/drill/faults/burst.js';

it('gaps of a burst follow from the seed and are short', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const gaps = burstGaps(seed);
      expect(gaps).toEqual(burstGaps(seed));
      for (const gap of gaps) {
        expect(gap).toBeGreaterThanOrEqual(0);
        expect(gap).toBeLessThanOrEqual(9000);
      }
    }),
  );
  expect(burstGaps(1)).not.toEqual(burstGaps(2));
});
