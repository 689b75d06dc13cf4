import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startPlan } from '../../src/cli/start-plan.js';
import { readState } from '../../src/cli/plan-handle.js';
import { readSummary } from '../../src/cli/summary-file.js';
import type { PilotCandidate } from '../../src/contracts/pilot.js';
import type { ResolvedPlan } from '../../src/contracts/plan.js';
import { signalGroup } from '../../src/processes/identity.js';
import { smallPlan } from '../helpers/plans.js';
import { System } from '../helpers/system.js';
import { closed, midway, until } from '../helpers/watching.js';

/** As good as untrained, and trained on bare results: one of them answers more questions. */
const CANDIDATES: PilotCandidate[] = [
  { name: 'still', learningRate: 1e-9 },
  { name: 'direct', learningRate: 0.002, view: 'solution' },
];
const QUESTIONS = 24;
const SHORT = [
  'checkpoints.everySteps=3',
  'data.source.rows=200',
  'training.steps=24',
  'training.documentsPerStep=16',
  'training.documentsPerMicroBatch=16',
  'evaluation.suites.0.questions=16',
];

/** Additions in the form of GSM8K's files: the tiny model's questions, whatever was held out. */
function questionsFile(home: string): string {
  const path = join(home, 'train.jsonl');
  const lines = Array.from({ length: QUESTIONS }, (_, index) => {
    const [a, b] = [11 + index, 97 - 2 * index];
    return JSON.stringify({ question: `${a}+${b}=?`, answer: `#### ${a + b}` });
  });
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

async function pilotPlan(home: string): Promise<ResolvedPlan> {
  const plan = await smallPlan('choosing', SHORT);
  const file = questionsFile(home);
  const suite = { name: 'gsm8k', questions: QUESTIONS, seed: 0, file } as const;
  return { ...plan, pilot: { candidates: CANDIDATES, epochs: 4, suite } };
}

interface Line {
  readonly learningRate: number;
}

const linesOf = <T>(path: string): T[] =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T);

const peakOf = (run: string): number =>
  Math.max(...linesOf<Line>(join(run, 'metrics.jsonl')).map(({ learningRate }) => learningRate));

test('two candidates are really trained and scored, through a lost host, and the better one is trained whole', async () => {
  const system = await System.start();
  try {
    const plan = await pilotPlan(system.home);
    await startPlan(system.client, plan);
    const { workerPid, trainerPid } = await midway(system, plan.id, 'pilot');
    process.kill(workerPid, 'SIGKILL');
    signalGroup(trainerPid, 'SIGKILL');
    await until(system, plan.id, 'has decided', (state) => state.pilot?.ended ?? false);
    const ending = await closed(system, plan.id);
    const { pilot, interruptions, quote, failure } = await readState(system.client, plan.id);
    expect([ending, failure]).toEqual(['COMPLETED', null]);
    expect(pilot).toMatchObject({ suite: 'gsm8k', ended: true });
    const scores = pilot!.trials.map(({ score }) => score!.correct);
    expect(pilot!.trials.map(({ score }) => score!.n)).toEqual([QUESTIONS, QUESTIONS]);
    const best = CANDIDATES[scores[1]! > scores[0]! ? 1 : 0]!;
    expect(pilot!.chosen).toBe(best.name);
    expect(quote!.pilotSeconds).toBeGreaterThan(0);
    const runs = join(system.home, 'runs', plan.id);
    for (const { name, learningRate } of CANDIDATES) {
      expect(peakOf(join(runs, 'pilot', `${name}-full-train`))).toBeCloseTo(learningRate!, 12);
    }
    expect(peakOf(join(runs, 'full-train'))).toBeCloseTo(best.learningRate!, 12);
    expect(interruptions.map(({ stage, kind }) => [stage, kind])).toEqual([['pilot', 'host-lost']]);
    const summary = await readSummary(system.home, plan.id);
    expect(summary).toMatchObject({ status: 'finished', pilot: { chosen: best.name } });
    const html = readFileSync(summary.report.html!, 'utf8');
    expect(html).toContain(`full-train takes the values of ${best.name}`);
  } finally {
    await system.close();
  }
});
