import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { moneyLostFen } from '../../src/contracts/money.js';

const lost = (detectSeconds: number | null, resumeSeconds: number | null, lostStepSeconds = 0) => ({
  detectSeconds,
  resumeSeconds,
  lostStepSeconds,
});

describe('moneyLostFen', () => {
  it('is the price of the time to detect, to resume, and of the lost steps', () => {
    expect(moneyLostFen(3600, lost(5, 3, 2))).toBe(10);
    expect(moneyLostFen(1200, lost(30, 90, 60))).toBe(60);
  });

  it('rounds up once, over all three', () => {
    expect(moneyLostFen(120, lost(5, 2.9, 0.8))).toBe(1);
    expect(moneyLostFen(1800, lost(1, 1, 1))).toBe(2);
    expect(moneyLostFen(1800, lost(1, 1, 0))).toBe(1);
  });

  it('counts what is not known as none', () => {
    expect(moneyLostFen(3600, lost(null, null, 7))).toBe(7);
    expect(moneyLostFen(3600, lost(4, null))).toBe(4);
    expect(moneyLostFen(0, lost(5, 5, 5))).toBe(0);
  });

  it('is a whole number of fen, less than one above the exact price', () => {
    const seconds = fc.nat(1_000_000_000).map((milliseconds) => milliseconds / 1000);
    fc.assert(
      fc.property(fc.nat(100_000), seconds, seconds, seconds, (price, detect, resume, steps) => {
        const fen = moneyLostFen(price, lost(detect, resume, steps));
        const exact = ((detect + resume + steps) * price) / 3600;
        expect(Number.isInteger(fen)).toBe(true);
        expect(fen).toBeGreaterThanOrEqual(exact);
        expect(fen - exact).toBeLessThan(1);
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});
