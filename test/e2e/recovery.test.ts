import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sendUpdate } from '../../src/cli/plan-handle.js';
import { startPlan } from '../../src/cli/start-plan.js';
import { readSummary } from '../../src/cli/summary-file.js';
import type { StageName } from '../../src/contracts/stages.js';
import type { Summary } from '../../src/contracts/state.js';
import { signalGroup } from '../../src/processes/identity.js';
import { smallPlan } from '../helpers/plans.js';
import { type Answer, answersOf, chainOf, forget, resultOf } from '../helpers/results.js';
import { System, temporaryHome } from '../helpers/system.js';
import { closed, midway, until } from '../helpers/watching.js';

/** Evaluation in small batches, so that there is a middle to be caught in. */
const SETTINGS = ['evaluation.suites.0.questions=120', 'evaluation.batchSize=4'];

interface Baseline {
  readonly summary: Summary;
  readonly answers: readonly Answer[];
}

let straight: System;
let baseline: Baseline;

beforeAll(async () => {
  straight = await System.start();
  baseline = await carryOut(straight, 'straight');
  expect(baseline.summary.interruptions).toEqual([]);
  const { before, after, comparison } = baseline.summary.evaluation;
  expect(comparison?.suites).toMatchObject([
    {
      suite: 'arithmetic',
      n: 120,
      before: before['arithmetic']?.score,
      after: after['arithmetic']?.score,
    },
  ]);
}, 120_000);

afterAll(() => straight?.close());

async function carryOut(
  system: System,
  id: string,
  meanwhile: () => Promise<void> = async () => undefined,
): Promise<Baseline> {
  await startPlan(system.client, await smallPlan(id, SETTINGS));
  await meanwhile();
  expect(await closed(system, id)).toBe('COMPLETED');
  const summary = await readSummary(system.home, id);
  const evaluated = await resultOf(system.store, 'eval-after');
  return { summary, answers: await answersOf(system.store, evaluated!.artifacts['answers']!) };
}

interface Blow {
  readonly name: string;
  strike(system: System, planId: string, stage: StageName): Promise<void>;
  /** Whether the system is not one for further cases. */
  readonly breaksSystem?: boolean;
  /** Attempts that acquired the chain, and those of them that were lost. */
  readonly attempts: number;
  readonly lost: readonly string[];
}

const BLOWS: readonly Blow[] = [
  {
    name: 'trainer killed',
    strike: async (system, id, stage) =>
      signalGroup((await midway(system, id, stage)).trainerPid, 'SIGKILL'),
    attempts: 2,
    lost: ['trainer-crashed'],
  },
  {
    name: 'worker killed',
    strike: async (system, id, stage) => {
      const { workerPid, trainerPid } = await midway(system, id, stage);
      process.kill(workerPid, 'SIGKILL');
      signalGroup(trainerPid, 'SIGKILL');
    },
    attempts: 2,
    lost: ['host-lost'],
  },
  {
    name: 'server restarted',
    strike: async (system, id, stage) => {
      await midway(system, id, stage);
      await system.restartServer();
    },
    breaksSystem: true,
    attempts: 1,
    lost: [],
  },
  {
    name: 'pause and resume',
    strike: async (system, id, stage) => {
      await midway(system, id, stage);
      await sendUpdate(system.client, id, 'pause', { by: 'test' });
      await until(system, id, 'is paused', ({ status }) => status === 'paused');
      await sendUpdate(system.client, id, 'resume', { by: 'test' });
    },
    attempts: 2,
    lost: [],
  },
];

function copyOf(system: System): Promise<System> {
  const home = temporaryHome();
  cpSync(join(system.home, 'store'), join(home, 'store'), { recursive: true });
  return System.start(home);
}

const CASES = BLOWS.flatMap((blow) =>
  (['full-train', 'eval-after'] as const).map((stage) => ({ blow, stage })),
);
const nameOf = (stage: StageName): string => (stage === 'full-train' ? stage : 'eval');

describe('a plan goes on from its newest checkpoint', () => {
  for (const { blow, stage } of CASES) {
    test(`${blow.name} in ${nameOf(stage)}`, async () => {
      // Everything before the stage is in the store already, and never paid for twice.
      const system = blow.breaksSystem ? await copyOf(straight) : straight;
      try {
        if (stage === 'full-train') await forget(system.store, 'full-train');
        await forget(system.store, 'eval-after');
        const id = `case-${blow.name.replaceAll(' ', '-')}-${nameOf(stage)}`;
        const run = await carryOut(system, id, () => blow.strike(system, id, stage));
        await expectSame(system, id, stage, blow, run);
      } finally {
        if (system !== straight) await system.close();
      }
    });
  }
});

async function expectSame(
  system: System,
  id: string,
  stage: StageName,
  blow: Blow,
  { summary, answers }: Baseline,
): Promise<void> {
  expect(summary.status).toBe('finished');
  expect(summary.training?.orderHash).toBe(baseline.summary.training?.orderHash);
  expect(summary.training?.weightsSha256).toBe(baseline.summary.training?.weightsSha256);
  expect(summary.training?.resumedInexactly).toBe(false);
  expect(answers).toEqual(baseline.answers);
  expect(new Set(answers.map((answer) => answer.id)).size).toBe(120);
  expect(summary.stages.find(({ name }) => name === stage)?.attempts).toBe(blow.attempts);
  expect(summary.interruptions.map(({ stage: at, kind }) => [at, kind])).toEqual(
    blow.lost.map((kind) => [stage, kind]),
  );
  const { chain } = (await chainOf(system.store, id, stage))!;
  expect(chain.attempts).toHaveLength(blow.attempts);
  expect(chain.refused).toEqual([]);
}
