import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { planPilot } from '../../../src/cli/commands/plan-pilot.js';
import { checkPlanFile, loadPlan } from '../../../src/cli/plan-file.js';
import { summaryPath } from '../../../src/cli/summary-file.js';
import { Summary } from '../../../src/contracts/state.js';

const PLAN = `# why this plan exists
id: mine
title: A plan with a pilot
base: { kind: hub, repo: Dream-org/Dream-v0-Instruct-7B }
data:
  source: { kind: generated, generator: arithmetic, rows: 10 }
  view: attempt
training: { steps: 30, learningRate: 0.001 } # to be chosen
evaluation:
  suites: [{ name: gsm8k, questions: 2, file: test.jsonl }]
  sampling: { maxNewTokens: 16, steps: 16, blockLength: 4 }
checkpoints: { everySteps: 10 }
pilot:
  candidates:
    - { name: low }
    - { name: high, learningRate: 0.004, view: trace }
  suite: { name: gsm8k, questions: 2, file: train.jsonl }
  capCny: 3
hosts: { provider: manual, gpuClass: a, pricePerHourCny: 1.5 }
money: { capCny: 10, reserveCny: 4 }
`;

let folder: string;
let file: string;
const written: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dream-sft-pilot-'));
  file = join(folder, 'mine.yaml');
  await writeFile(file, PLAN);
  await questions('test.jsonl', 'What is 1 + 1?', 'What is 2 + 2?');
  await questions('train.jsonl', 'What is 3 + 3?', 'What is 4 + 4?');
  vi.stubEnv('DREAM_SFT_HOME', join(folder, 'home'));
  written.length = 0;
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function questions(name: string, ...texts: string[]): Promise<void> {
  const lines = texts.map((question) => JSON.stringify({ question, answer: '#### 2' }));
  await writeFile(join(folder, name), `${lines.join('\n')}\n`);
}

async function ended(planId: string, score: number | null): Promise<void> {
  const summary = Summary.parse({
    planId,
    status: score === null ? 'failed' : 'finished',
    wallSeconds: 1,
    stages: [],
    interruptions: [],
    training: null,
    evaluation: { before: {}, after: score === null ? {} : { gsm8k: { score, n: 200 } } },
    spend: { currency: 'CNY', totalFen: 0, capFen: 300, lostToInterruptionsFen: 0 },
    report: { html: null, pptx: null, markdown: null },
    temporalUi: null,
  });
  const path = summaryPath(join(folder, 'home'), planId);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, JSON.stringify(summary));
}

const said = (): string => written.join('');
const plan = (name: string) => loadPlan(join(folder, name));

describe('plan pilot', () => {
  it('writes a plan that can be started for each candidate', async () => {
    expect(await planPilot(file, {})).toBe(0);
    const [low, high] = [await plan('mine.low.yaml'), await plan('mine.high.yaml')];
    expect([low.id, high.id]).toEqual(['mine.low', 'mine.high']);
    expect([low.training.learningRate, high.training.learningRate]).toEqual([0.001, 0.004]);
    expect([low.data.view, high.data.view]).toEqual(['attempt', 'trace']);
    for (const one of [low, high]) {
      expect([one.training.steps, one.training.epochs]).toEqual([undefined, 1]);
      expect(one.evaluation.suites[0]?.file).toBe(join(folder, 'train.jsonl'));
      expect(one.money).toEqual({ capFen: 300, reserveFen: 100, approveBelowFen: 0 });
    }
    expect(said()).toContain(`dream-sft start ${join(folder, 'mine.high.yaml')} --wait`);
  });

  it('writes the plan with the winner’s values, its comments and its own questions', async () => {
    await ended('mine.low', 0.5);
    await ended('mine.high', 0.7);
    expect(await planPilot(file, { choose: true })).toBe(0);
    const chosen = await plan('mine.chosen.yaml');
    expect([chosen.id, chosen.training.learningRate, chosen.data.view]).toEqual([
      'mine',
      0.004,
      'trace',
    ]);
    expect(chosen.training.steps).toBe(30);
    expect(chosen.evaluation.suites[0]?.file).toBe(join(folder, 'test.jsonl'));
    expect(await readFile(join(folder, 'mine.chosen.yaml'), 'utf8')).toContain('# to be chosen');
    expect(said()).toMatch(/low .*50\.0 %/);
    expect(said()).toContain('high leads, beyond chance');
  });

  it('tells a lead within chance, and leaves out a candidate that failed', async () => {
    await ended('mine.low', 0.5);
    await ended('mine.high', 0.51);
    await planPilot(file, { choose: true });
    expect(said()).toContain('high leads, but its lead is within chance');
    await ended('mine.high', null);
    await planPilot(file, { choose: true });
    expect(said()).toContain('not scored');
    expect((await plan('mine.chosen.yaml')).training.learningRate).toBe(0.001);
  });

  it('chooses nothing before every candidate has ended, nor when all have failed', async () => {
    await ended('mine.low', null);
    await expect(planPilot(file, { choose: true })).rejects.toThrow(/no summary of mine\.high/);
    await ended('mine.high', null);
    await expect(planPilot(file, { choose: true })).rejects.toThrow(/nothing is chosen/);
  });

  it('refuses test questions, by file and by text', async () => {
    await questions('train.jsonl', 'What is 3 + 3?', '  what is  2 + 2?');
    await expect(planPilot(file, {})).rejects.toThrow(/shares 1 question with evaluation\.suites/);
    await writeFile(file, PLAN.replace('train.jsonl', 'test.jsonl'));
    const { mistakes } = await checkPlanFile(file);
    expect(mistakes.map(({ path }) => path)).toEqual(['pilot.suite']);
  });

  it('refuses a plan without a pilot, twice the same name, and to start undecided', async () => {
    await expect(loadPlan(file)).rejects.toThrow(/has a pilot that has not been decided/);
    await writeFile(file, PLAN.replace('name: high', 'name: low'));
    await expect(planPilot(file, {})).rejects.toThrow(/low is taken/);
    await writeFile(file, PLAN.replace(/pilot:[^]*?hosts:/, 'hosts:'));
    await expect(planPilot(file, {})).rejects.toThrow(/has no pilot/);
  });
});
