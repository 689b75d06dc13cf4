import fc from 'fast-check';
import { expect, it } from 'vitest';
import { partsOf, UPLOAD_LIMITS } from '../../src/store/s3-parts.js';

const MIB = 1024 * 1024;
const { partBytes } = UPLOAD_LIMITS;

it('parts cover a file without gap, equal but the last, within what S3 takes', () => {
  const sizes = fc.integer({ min: 1, max: 5 * 1024 * 1024 * MIB });
  fc.assert(
    fc.property(sizes, (size) => {
      const parts = partsOf(size, partBytes);
      expect(parts.length).toBeLessThanOrEqual(10_000);
      const length = parts[0]?.length ?? 0;
      expect(length).toBeLessThanOrEqual(5 * 1024 * MIB);
      if (parts.length > 1) expect(length).toBeGreaterThanOrEqual(5 * MIB);
      const last = parts.at(-1);
      expect((last?.start ?? 0) + (last?.length ?? 0)).toBe(size);
      const odd = parts.filter(
        (part, index) =>
          part.number !== index + 1 ||
          part.start !== index * length ||
          (part !== last && part.length !== length),
      );
      expect(odd).toEqual([]);
    }),
    { numRuns: 20 },
  );
});

it('takes 64 MiB of memory up to 156 GiB', () => {
  const most = (gib: number): number =>
    UPLOAD_LIMITS.partsAtOnce * (partsOf(gib * 1024 * MIB, partBytes)[0]?.length ?? 0);
  expect(most(156)).toBe(64 * MIB);
  expect(most(157)).toBe(68 * MIB);
});
