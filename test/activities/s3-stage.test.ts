import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ControlDeps,
  createControlActivities,
} from '../../src/activities/create-control-activities.js';
import type { ResolvedPlan } from '../../src/contracts/plan.js';
import type { StoreConfig } from '../../src/contracts/store.js';
import { loadPlan } from '../../src/cli/plan-file.js';
import { Chain } from '../../src/store/chain.js';
import { storeOpener } from '../../src/store/store-opener.js';
import {
  hasSeaweed,
  KEYS,
  startSeaweed,
  whySkipped,
  type Seaweed,
} from '../store/support/seaweed.js';
import { ScriptedHosts } from '../workflows/support/scripted-hosts.js';
import { attempt, failure, openLab, quietEnvironment, stageOf } from './support/lab.js';

const TINY = fileURLToPath(new URL('../../plans/tiny.yaml', import.meta.url));

describe.skipIf(!hasSeaweed)(`a stage whose plan names a bucket${whySkipped}`, () => {
  let server: Seaweed;
  const config: Seaweed['config'] = (prefix) => server.config(prefix);

  beforeAll(async () => {
    server = await startSeaweed({ keys: true });
  });
  afterAll(() => server.stop());

  /** A lab whose worker has a store of its own, and opens the plan's beside it. */
  async function lab(prefix: string) {
    const own = await openLab();
    const openStore = storeOpener(own.home, KEYS);
    const bucket = await openStore(config(prefix));
    const deps = { ...own.deps, openStore };
    const control = createControlActivities({
      ...deps,
      client: null as unknown as ControlDeps['client'],
      provider: () => new ScriptedHosts(),
      log: pino({ level: 'silent' }),
      renderReport: () => Promise.reject(new Error('not here')),
      uiUrl: null,
    });
    return { own, deps, bucket, control };
  }

  it('keeps journal, checkpoints and result there, and goes on from there after a loss', async () => {
    const { own, deps, bucket, control } = await lab('stage');
    try {
      const script = [{ steps: 6, at: 3, end: 'kill' }, { steps: 6 }];
      const store: StoreConfig = config('stage');
      const input = { ...(await stageOf({ ...own, store: bucket }, 'full-train', script)), store };
      await failure(attempt(deps, input).outcome);
      const outcome = await attempt(deps, input, { attempt: 2 }).outcome;
      expect(outcome).toMatchObject({ result: { metrics: { train: { stepsThisAttempt: 4 } } } });

      const chain = await new Chain(bucket, input.stageKey).fold();
      expect(chain.published.map(({ step }) => step)).toContain(6);
      expect(chain.postMortems).toMatchObject([{ kind: 'trainer-crashed', resumedFromStep: 2 }]);
      expect(await own.store.list('')).toEqual([]);

      const { stageKey, planId, stage } = input;
      const hosts = { ...(await loadPlan(TINY)).hosts };
      const close = { planId, stage, stageKey, releaseHosts: false, hosts, store };
      const closed = await quietEnvironment().run(
        (given: typeof close) => control.closeStage(given),
        close,
      );
      expect(closed).toMatchObject({ attempts: 2, newestCheckpoint: { step: 6 } });
      expect(JSON.stringify([input, outcome, closed])).not.toContain('very-secret');
    } finally {
      await own.close();
    }
  }, 60_000);

  it('opens the plan’s ledger there, and refuses a bucket that is none in one sentence', async () => {
    const { own, bucket, control } = await lab('ledger');
    const run = (plan: ResolvedPlan) =>
      quietEnvironment().run((given: { plan: ResolvedPlan }) => control.openPlan(given), { plan });
    try {
      const plan = await loadPlan(TINY, { id: 'in-a-bucket' });
      await run({ ...plan, store: config('ledger') });
      expect(await bucket.list('ledgers/')).toEqual(['ledgers/in-a-bucket/00000001.json']);
      const none = { ...config('ledger'), bucket: 'no-such-bucket' };
      const refused = await failure(run({ ...plan, store: none }));
      expect(refused).toMatchObject({ type: 'BadPlan', nonRetryable: true });
      expect(refused.message).toMatch(/no-such-bucket.*no such bucket/);
      // Nothing is wrong with a plan whose store is only just starting.
      const away = { ...config('ledger'), endpoint: 'http://127.0.0.1:1' };
      const waits = await failure(run({ ...plan, store: away }));
      expect(waits).toMatchObject({ type: 'StoreAway', nonRetryable: false });
      expect(waits.message).toContain('nothing answers at http://127.0.0.1:1');
    } finally {
      await own.close();
    }
  }, 60_000);

  it('a store that is out of reach fails the attempt, to be tried again', async () => {
    const { own, deps } = await lab('away');
    try {
      const input = await stageOf(own, 'full-train', [{ steps: 4 }]);
      const store = { ...config('away'), endpoint: 'http://127.0.0.1:1' };
      const failed = await failure(attempt(deps, { ...input, store }).outcome);
      expect(failed).toMatchObject({ type: 'StoreAway', nonRetryable: false });
      expect(failed.message).toContain('nothing answers at http://127.0.0.1:1');
    } finally {
      await own.close();
    }
  }, 60_000);
});
