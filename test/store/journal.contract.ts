import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DamagedJournalError } from '../../src/store/errors.js';
import { Journal, type JournalOptions } from '../../src/store/journal.js';
import type { ObjectStore } from '../../src/store/object-store.js';

const Entry = z.strictObject({ by: z.string(), seq: z.int() });
const open = (store: ObjectStore, options?: JournalOptions) =>
  new Journal(store, 'journals/a', Entry, options);
const append = (journal: ReturnType<typeof open>, by: string): Promise<number> =>
  journal.update((_, seq) => ({ append: { by, seq }, result: seq }));

/** What holds on every back-end. `fresh` gives an empty store. */
export function journalContract(name: string, fresh: () => Promise<ObjectStore>): void {
  describe(`${name}: journal`, () => {
    it('is empty before the first entry and counts from 1', async () => {
      const store = await fresh();
      expect(await open(store).read()).toEqual([]);
      expect(await append(open(store), 'a')).toBe(1);
      expect(await append(open(store), 'b')).toBe(2);
      expect(await store.list('')).toEqual([
        'journals/a/00000001.json',
        'journals/a/00000002.json',
      ]);
      expect(await open(store).read()).toEqual([
        { by: 'a', seq: 1 },
        { by: 'b', seq: 2 },
      ]);
    });

    it('appends nothing when the decision is to append nothing', async () => {
      const store = await fresh();
      const result = await open(store).update((entries) => ({ result: entries.length }));
      expect(result).toBe(0);
      expect(await store.list('')).toEqual([]);
    });

    it('lets one of 20 concurrent writers take each place, and all of them end', async () => {
      const store = await fresh();
      const writers = Array.from({ length: 20 }, (_, index) => append(open(store), `w${index}`));
      const places = await Promise.all(writers);
      expect(places.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
      const entries = await open(store).read();
      expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
      expect(new Set(entries.map(({ by }) => by)).size).toBe(20);
    });

    it('lets exactly one of 20 win when only the first may write', async () => {
      const store = await fresh();
      const take = (by: string): Promise<boolean> =>
        open(store).update((entries, seq) =>
          entries.length > 0 ? { result: false } : { append: { by, seq }, result: true },
        );
      const wins = await Promise.all(Array.from({ length: 20 }, (_, index) => take(`w${index}`)));
      expect(wins.filter(Boolean)).toHaveLength(1);
      expect(await open(store).read()).toEqual([{ by: `w${wins.indexOf(true)}`, seq: 1 }]);
    });

    it('serves concurrent updates through one and the same journal', async () => {
      const journal = open(await fresh());
      await Promise.all(Array.from({ length: 10 }, (_, index) => append(journal, `w${index}`)));
      expect((await journal.read()).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    });

    it('decides again when another entry came between validation and write', async () => {
      const store = await fresh();
      let overtaken = false;
      const slow = open(store, {
        beforeAppend: async () => {
          if (overtaken) return;
          overtaken = true;
          await append(open(store), 'fast');
        },
      });
      const seen: number[] = [];
      const place = await slow.update((entries, seq) => {
        seen.push(entries.length);
        return { append: { by: 'slow', seq }, result: seq };
      });
      expect(place).toBe(2);
      expect(seen).toEqual([0, 1]);
      expect((await open(store).read()).map(({ by }) => by)).toEqual(['fast', 'slow']);
    });

    it.each([
      ['no JSON', 'not json', 'it is not JSON'],
      ['a wrong type', '{"by":1,"seq":2}', 'by: '],
      ['an unknown member', '{"by":"x","seq":2,"more":1}', 'more'],
    ])('names the key of an entry with %s', async (_, text, reason) => {
      const store = await fresh();
      for (const by of ['a', 'b', 'c']) await append(open(store), by);
      await store.put('journals/a/00000002.json', Buffer.from(text));
      const read = open(store).read();
      await expect(read).rejects.toThrow(DamagedJournalError);
      await expect(open(store).read()).rejects.toThrow('journals/a/00000002.json');
      await expect(open(store).read()).rejects.toThrow(reason);
    });

    it('names a missing entry, and never appends behind it', async () => {
      const store = await fresh();
      for (const by of ['a', 'b', 'c']) await append(open(store), by);
      await store.delete('journals/a/00000002.json');
      await expect(append(open(store), 'd')).rejects.toThrow('journals/a/00000002.json');
      expect(await store.list('')).toHaveLength(2);
    });

    it('refuses to write an entry that nobody could read', async () => {
      const store = await fresh();
      const wrong = open(store).update(() => ({ append: { by: 'a', seq: 0.5 }, result: null }));
      await expect(wrong).rejects.toThrow();
      expect(await store.list('')).toEqual([]);
    });

    it('reads an entry that a list made meanwhile leaves out', async () => {
      const store = await fresh();
      for (const by of ['a', 'b', 'c']) await append(open(store), by);
      const list = store.list.bind(store);
      store.list = async (prefix) =>
        (await list(prefix)).filter((key) => !key.includes('00000002'));
      expect((await open(store).read()).map(({ by }) => by)).toEqual(['a', 'b', 'c']);
    });
  });
}
