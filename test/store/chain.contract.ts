import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Chain } from '../../src/store/chain.js';
import { foldChain } from '../../src/store/fold-chain.js';
import type { ObjectStore } from '../../src/store/object-store.js';
import { attemptOn, checkpoint, postMortemOf } from './support/examples.js';

const KEY = 'a'.repeat(64);

/** What holds on every back-end. `fresh` gives an empty store. */
export function chainContract(name: string, fresh: () => Promise<ObjectStore>): void {
  describe(`${name}: chain`, () => {
    it('refuses a zombie that was overtaken between validation and write; both stand', async () => {
      const store = await fresh();
      const next = new Chain(store, KEY);
      let asleep = false;
      const zombie = new Chain(store, KEY, {
        beforeAppend: async () => {
          if (!asleep) return;
          asleep = false;
          const { token } = await next.acquire(attemptOn('h2', 2));
          expect(await next.publish(token, checkpoint(20, 'h2'))).toBe('published');
        },
      });
      const { token } = await zombie.acquire(attemptOn('h1'));
      asleep = true;
      expect(await zombie.publish(token, checkpoint(10))).toBe('refused');
      const state = await next.fold();
      expect(state.newest).toMatchObject({ step: 20, token: 2, host: 'h2' });
      expect(state.attempts.map((attempt) => attempt.token)).toEqual([1, 2]);
      expect(state.refused).toMatchObject([
        {
          token: 1,
          newestToken: 2,
          step: 10,
          host: 'h1',
          manifest: checkpoint(10).manifest.digest,
        },
      ]);
    });

    it('publishes once, however often the same publication is repeated', async () => {
      const chain = new Chain(await fresh(), KEY);
      const { token } = await chain.acquire(attemptOn('h1'));
      expect(await chain.publish(token, checkpoint(10))).toBe('published');
      expect(await chain.publish(token, checkpoint(10))).toBe('published');
      expect((await chain.fold()).attempts[0]?.publishedSteps).toEqual([10]);
    });

    it('ends an attempt once, and refuses the end of an old one', async () => {
      const chain = new Chain(await fresh(), KEY);
      const first = await chain.acquire(attemptOn('h1'));
      const second = await chain.acquire(attemptOn('h2', 2));
      expect(second.before.newestToken).toBe(first.token);
      expect(await chain.end(first.token, 'finished', 9)).toBe('refused');
      expect(await chain.end(second.token, 'stopped', 10, 'x'.repeat(600))).toBe('ended');
      expect(await chain.end(second.token, 'failed', 11)).toBe('ended');
      const [old, newest] = (await chain.fold()).attempts;
      expect(old?.ended).toBeNull();
      expect(newest?.ended).toMatchObject({ how: 'stopped', step: 10, message: 'x'.repeat(500) });
    });

    it('keeps one post-mortem a token and one boot a key, of 20 at once', async () => {
      const store = await fresh();
      const each = Array.from({ length: 20 }, () => new Chain(store, KEY));
      const deaths = await Promise.all(each.map((c) => c.postMortem(postMortemOf(1, 'host-lost'))));
      const boots = await Promise.all(each.map((c) => c.booted({ key: 'k-0', host: 'h' })));
      expect([deaths.filter(Boolean).length, boots.filter(Boolean).length]).toEqual([1, 1]);
      const { postMortems, boots: journalled } = await new Chain(store, KEY).fold();
      expect([postMortems.length, journalled.length]).toEqual([1, 1]);
    });

    it('ignores a published entry that an old token forced into the journal', () => {
      const at = '2026-11-24T10:00:00.000Z';
      const acquired = { type: 'acquired' as const, at };
      const state = foldChain([
        { ...acquired, ...attemptOn('h1') },
        { ...acquired, ...attemptOn('h2', 2) },
        { type: 'published', token: 1, parent: null, at, ...checkpoint(5) },
      ]);
      expect(state.newest).toBeNull();
      expect(state.refused).toHaveLength(1);
    });

    const Move = fc.record({ who: fc.nat(3), acquires: fc.boolean() });

    it('lets the newest token alone publish, whatever the interleaving', async () => {
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), fc.array(Move, { maxLength: 14 }), async (s, moves) => {
          const store = await fresh();
          const beforeAppend = () => s.schedule(Promise.resolve());
          const run = async (who: number): Promise<void> => {
            const chain = new Chain(store, KEY, { beforeAppend });
            let token = 0;
            for (const [step, move] of moves.entries()) {
              if (move.who !== who) continue;
              if (move.acquires) ({ token } = await chain.acquire(attemptOn(`h${who}`)));
              else if (token > 0) await chain.publish(token, checkpoint(step, `h${who}`));
            }
          };
          const runs = Promise.all([0, 1, 2, 3].map(run));
          await s.waitFor(runs);
          const { attempts, published, refused } = await new Chain(store, KEY).fold();
          for (const { seq, token } of published) {
            expect(attempts.findLast((attempt) => attempt.token < seq)?.token).toBe(token);
          }
          for (const { seq, token, newestToken } of refused) {
            expect(token).toBeLessThan(newestToken);
            expect(newestToken).toBeLessThan(seq);
          }
        }),
        { seed: 20261124, numRuns: 40 },
      );
    }, 60_000);
  });
}
