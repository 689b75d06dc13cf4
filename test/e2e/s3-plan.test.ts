import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readState } from '../../src/cli/plan-handle.js';
import { startPlan } from '../../src/cli/start-plan.js';
import { readSummary } from '../../src/cli/summary-file.js';
import type { StageName } from '../../src/contracts/stages.js';
import { signalGroup } from '../../src/processes/identity.js';
import { openStore } from '../../src/store/open-store.js';
import { eventually } from '../helpers/deadline.js';
import { smallPlan } from '../helpers/plans.js';
import { chainOf } from '../helpers/results.js';
import { System } from '../helpers/system.js';
import { closed, midway } from '../helpers/watching.js';
import {
  hasSeaweed,
  KEYS,
  startSeaweed,
  whySkipped,
  type Seaweed,
} from '../store/support/seaweed.js';
import { logsOf } from '../support/logs.js';

const PATIENCE_MS = 240_000;

describe.skipIf(!hasSeaweed)(`a plan whose store is a bucket${whySkipped}`, () => {
  let server: Seaweed;
  let system: System;
  beforeEach(async () => {
    // As a person gives them to `dream-sft up`; every process of the system inherits them.
    vi.stubEnv('AWS_ACCESS_KEY_ID', KEYS.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', KEYS.secretAccessKey);
    [server, system] = await Promise.all([startSeaweed({ keys: true }), System.start()]);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await system?.close();
    await server?.stop();
  });

  /** A busy machine is slow, not wrong: answers may come too late, and stages take their time. */
  const reached = (id: string, stage: StageName): Promise<unknown> =>
    eventually(
      `${stage} runs`,
      async () => {
        const state = await readState(system.client, id).catch(() => null);
        return state?.stages.find(({ name }) => name === stage)?.status !== 'waiting' && state;
      },
      PATIENCE_MS,
    );

  test(
    'goes on elsewhere after a lost host, all of it from the bucket, and tells nobody the key',
    async () => {
      const id = 'in-a-bucket';
      const { endpoint } = server;
      const store = { kind: 's3', bucket: 'dream-sft', prefix: 'team', endpoint };
      const settings = Object.entries({ ...store, forcePathStyle: true });
      const plan = await smallPlan(id, [
        'training.steps=100',
        'evaluation.suites.0.questions=8',
        ...settings.map(([key, value]) => `store.${key}=${value}`),
      ]);
      await startPlan(system.client, plan);
      await reached(id, 'full-train');
      const { workerPid, trainerPid } = await midway(system, id, 'full-train');
      process.kill(workerPid, 'SIGKILL');
      signalGroup(trainerPid, 'SIGKILL');
      await reached(id, 'report');
      expect(await closed(system, id)).toBe('COMPLETED');

      const bucket = await openStore(plan.store, system.home, KEYS);
      const { chain } = (await chainOf(bucket, id, 'full-train'))!;
      expect(chain.attempts.map(({ ended }) => ended?.how ?? null)).toEqual([null, 'finished']);
      const summary = await readSummary(system.home, id);
      expect(summary.interruptions).toMatchObject([{ stage: 'full-train', kind: 'host-lost' }]);
      expect(summary.training).toMatchObject({ steps: 100, resumedInexactly: false });
      expect(summary.model?.store).toEqual(plan.store);
      // On this machine only what hosts say of themselves.
      const kinds = new Set((await system.store.list('')).map((key) => key.split('/')[0]));
      expect([...kinds]).toEqual(['hosts']);

      const history = await system.client.workflow.getHandle(id).fetchHistory();
      const told = [JSON.stringify(history), logsOf(system.home), filesBelow(system.home)].join(
        '\n',
      );
      expect(told).toContain('dream-sft');
      expect(told).not.toContain(KEYS.secretAccessKey);
    },
    2 * PATIENCE_MS,
  );
});

/** What is written for people: runs, and whatever a plan leaves beside them. */
function filesBelow(home: string): string {
  const folder = join(home, 'runs');
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
}
