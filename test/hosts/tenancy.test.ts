import { expect, test } from 'vitest';
import { KEPT_MS, Tenancy } from '../../src/hosts/tenancy.js';

const at = (ms: number): Date => new Date(1_000_000_000_000 + ms);
const work = (planId: string, stage = 'full-train') => ({ planId, stage, step: 1 });

test('a host is its plan’s from its first work on, over the short break between two stages', () => {
  const tenancy = new Tenancy();
  expect(tenancy.at(at(0)).planId).toBeNull();
  tenancy.work(work('p', 'smoke-train'), at(1000));
  tenancy.work(work('p', 'smoke-train'), at(2000));
  tenancy.work(null, at(3000));
  const kept = { planId: 'p', stage: null, step: null, keptSince: at(1000).toISOString() };
  expect(tenancy.at(at(3000 + KEPT_MS - 1))).toEqual(kept);
  tenancy.work(work('p'), at(4000));
  expect(tenancy.at(at(9_000_000))).toMatchObject({ ...kept, stage: 'full-train', step: 1 });
});

test('after a longer break it is nobody’s, and begins anew', () => {
  const tenancy = new Tenancy();
  tenancy.work(work('p'), at(0));
  tenancy.work(null, at(1000));
  expect(tenancy.at(at(1000 + KEPT_MS)).planId).toBeNull();
  tenancy.work(null, at(2000 + KEPT_MS));
  expect(tenancy.at(at(2000 + KEPT_MS)).planId).toBeNull();
  tenancy.work(work('p'), at(3000 + KEPT_MS));
  expect(tenancy.at(at(3000 + KEPT_MS)).keptSince).toBe(at(3000 + KEPT_MS).toISOString());
});

test('another plan’s work ends it at once', () => {
  const tenancy = new Tenancy();
  tenancy.work(work('p'), at(0));
  tenancy.work(null, at(1000));
  tenancy.work(work('q'), at(1500));
  expect(tenancy.at(at(1500))).toMatchObject({ planId: 'q', keptSince: at(1500).toISOString() });
});
