import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LedgerEntry } from '../../src/contracts/journal.js';
import { cumulativeFen, Ledger } from '../../src/store/ledger.js';

const stage = 'full-train' as const;

/** What holds on every back-end. `fresh` gives an empty store. */
export function ledgerContract(name: string, fresh: () => Promise<ObjectStore>): void {
  describe(`${name}: ledger`, () => {
    it('opens once for the same terms and again for new ones', async () => {
      const ledger = new Ledger(await fresh(), 'tiny');
      const terms = { capFen: 10_000, reserveFen: 100, pricePerHourFen: 199 };
      await ledger.open(terms);
      await ledger.open(terms);
      await ledger.open({ ...terms, capFen: 12_000 });
      expect((await ledger.entries()).map((entry) => entry.type)).toEqual(['opened', 'opened']);
    });

    it('charges a cumulative amount once, of 20 at once', async () => {
      const store = await fresh();
      const charge = { host: 'h1', stage, seconds: 3600, fen: 199 };
      const each = Array.from({ length: 20 }, () => new Ledger(store, 'tiny').charge(charge));
      const charged = await Promise.all(each);
      expect(charged.map((one) => one.writtenFen).filter((fen) => fen > 0)).toEqual([199]);
      expect(await new Ledger(store, 'tiny').totalFen()).toBe(199);
    });

    const tail = (entries: readonly LedgerEntry[]) =>
      entries.map((entry) => (entry.type === 'host' ? [entry.seconds, entry.fen] : [entry.type]));

    it('writes of a living host what is worth an entry, and tells the rest', async () => {
      const ledger = new Ledger(await fresh(), 'tiny');
      const charge = (seconds: number, fen: number, settle = false) =>
        ledger.charge({ host: 'h1', stage, seconds, fen, settle });
      expect(await charge(29.9, 9)).toEqual({ writtenFen: 0, leftFen: 9 });
      expect(await charge(30, 9)).toEqual({ writtenFen: 9, leftFen: 0 });
      expect(await charge(31, 18)).toEqual({ writtenFen: 0, leftFen: 9 });
      expect(await charge(32, 19)).toEqual({ writtenFen: 10, leftFen: 0 });
      expect(await charge(500, 19)).toEqual({ writtenFen: 0, leftFen: 0 });
      expect(await charge(500.5, 20)).toEqual({ writtenFen: 1, leftFen: 0 });
      expect(await charge(501, 20, true)).toEqual({ writtenFen: 0, leftFen: 0 });
      const written = [
        [30, 9],
        [2, 10],
        [468.5, 1],
        [0.5, 0],
      ];
      expect(tail(await ledger.entries())).toEqual(written);
    });

    it('neither loses nor doubles a fraction, in any order of late and repeated charges', async () => {
      const Times = fc.array(fc.record({ host: fc.nat(2), tenths: fc.nat(200_000) }), {
        maxLength: 12,
      });
      await fc.assert(
        fc.asyncProperty(fc.nat(5_000), Times, async (price, times) => {
          const ledger = new Ledger(await fresh(), 'tiny');
          const longest = new Map<number, number>();
          for (const { host, tenths } of times) {
            const seconds = tenths / 10;
            const fen = cumulativeFen(seconds, price);
            await ledger.charge({ host: `h${host}`, stage, seconds, fen });
            longest.set(host, Math.max(longest.get(host) ?? 0, seconds));
          }
          for (const [host, seconds] of longest) {
            const fen = cumulativeFen(seconds, price);
            await ledger.charge({ host: `h${host}`, stage, seconds, fen, settle: true });
          }
          const due = [...longest.values()].reduce((sum, s) => sum + cumulativeFen(s, price), 0);
          expect(await ledger.totalFen()).toBe(due);
        }),
        { seed: 20261124, numRuns: 40 },
      );
    }, 60_000);
  });
}
