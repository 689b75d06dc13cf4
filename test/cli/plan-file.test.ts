import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SAMPLING_PRESETS } from '../../src/contracts/sampling.js';
import { CliError } from '../../src/cli/cli-error.js';
import { checkPlanFile, loadPlan } from '../../src/cli/plan-file.js';

const PLANS = new URL('../../plans/', import.meta.url).pathname;
const GOOD = `
id: good
title: A good plan
base: { kind: hub, repo: Dream-org/Dream-v0-Instruct-7B }
data:
  source: { kind: generated, generator: arithmetic, rows: 10 }
training: { steps: 3 }
evaluation:
  suites: [{ name: arithmetic, questions: 5 }]
  sampling: { maxNewTokens: 16, steps: 16, blockLength: 4 }
checkpoints: { everySteps: 10 }
hosts: { provider: manual, gpuClass: a, pricePerHourCny: 1.5 }
money: { capCny: 10 }
`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dream-sft-plan-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function write(text: string): Promise<string> {
  const path = join(folder, 'plan.yaml');
  await writeFile(path, text);
  return path;
}

describe('plan files', () => {
  it('names five mistakes at once, each with line, path and what to do', async () => {
    const path = await write(
      GOOD.replace('steps: 3', 'steps: 0')
        .replace('blockLength: 4', 'blokLength: 4')
        .replace('provider: manual', 'provider: magic')
        .replace('title: A good plan\n', '')
        .replace('capCny: 10', 'capCny: 10, reserveCny: 12'),
    );
    const { plan, mistakes } = await checkPlanFile(path);
    expect(plan).toBeNull();
    expect(mistakes.map(({ line, path: at, message }) => `${line} ${at}: ${message}`)).toEqual([
      '2 title: is missing: expected text',
      '6 training.steps: expected at least 1, got 0',
      '9 evaluation.sampling.blokLength: unknown key; did you mean blockLength?',
      '11 hosts.provider: expected local-process | manual, got "magic"',
      '12 money.reserveCny: must be less than capCny (10), or nothing is left to train with',
    ]);
  });

  it('takes a short name for what it stands for, and names nothing that shares no letter', async () => {
    const { mistakes } = await checkPlanFile(
      await write(GOOD.replace('steps: 3', 'steps: 3, lr: 1, wd: 1, xy: 1')),
    );
    expect(mistakes.map(({ path: at, message }) => `${at}: ${message}`)).toEqual([
      'training.lr: unknown key; did you mean learningRate?',
      'training.wd: unknown key; did you mean weightDecay?',
      'training.xy: unknown key',
    ]);
  });

  it('every suite but arithmetic needs its file', async () => {
    const suites = ['gsm8k', 'cd3', 'custom', 'arithmetic', 'none']
      .map((name) => `{ name: ${name}, questions: 5 }`)
      .join(', ');
    const { mistakes } = await checkPlanFile(
      await write(GOOD.replace(/suites: .*/, `suites: [${suites}]`)),
    );
    expect(mistakes.map(({ path: at, message }) => `${at}: ${message}`)).toEqual([
      expect.stringMatching(/^evaluation.suites.4.name: expected arithmetic/),
      'evaluation.suites.0: gsm8k needs its questions: file (JSONL or Parquet), or source to fetch them',
      'evaluation.suites.1: cd3 needs its questions: file (JSONL or Parquet), or source to fetch them',
      'evaluation.suites.2: custom needs its questions: file (JSONL or Parquet), or source to fetch them',
    ]);
  });

  it('takes a preset of sampling, with changes beside it, as its settings', async () => {
    const sampled = async (sampling: string) => {
      const path = await write(GOOD.replace(/sampling: .*/, `sampling: { ${sampling} }`));
      return (await loadPlan(path)).evaluation.sampling;
    };
    expect(await sampled('preset: published, maxNewTokens: 64')).toEqual(
      SAMPLING_PRESETS.published(64),
    );
    expect(await sampled('preset: default')).toEqual(SAMPLING_PRESETS.default(256));
    expect((await sampled('preset: published, temperature: 0')).temperature).toBe(0);
    await expect(sampled('preset: fast')).rejects.toThrow(
      'evaluation.sampling.preset: expected default | published, got "fast"',
    );
  });

  it('says where text is no YAML', async () => {
    const { mistakes } = await checkPlanFile(await write('id: [a\ntitle: b\n'));
    expect(mistakes.length).toBeGreaterThan(0);
    expect(mistakes[0]?.message).toMatch(/^not YAML: /);
  });

  it('refuses a canvas that blocks do not divide', async () => {
    const path = await write(GOOD.replace('maxNewTokens: 16', 'maxNewTokens: 18'));
    const { mistakes } = await checkPlanFile(path);
    expect(mistakes.map((m) => m.path)).toEqual(['evaluation.sampling.blockLength']);
  });

  it('refuses settings of decoding that cannot go together, left out ones included', async () => {
    const replaced = GOOD.replace('blockLength: 4 }', 'tokensPerStep: 1, order: origin }');
    const { mistakes } = await checkPlanFile(await write(replaced));
    const at = 'evaluation.sampling';
    expect(mistakes.map((m) => m.path)).toEqual([at, `${at}.tokensPerStep`]);
    expect(mistakes[0]?.message).toBe('order origin reveals at random: reveal must be official');
  });

  it('takes a bucket as store, but no credentials in its endpoint', async () => {
    const store = (endpoint: string): string =>
      `${GOOD}store: { kind: s3, bucket: abc, endpoint: "${endpoint}" }\n`;
    const good = await checkPlanFile(await write(store('http://127.0.0.1:8333')));
    expect(good.mistakes).toEqual([]);
    const { mistakes } = await checkPlanFile(await write(store('http://key:secret@127.0.0.1:1')));
    expect(mistakes.map((m) => m.path)).toEqual(['store.endpoint']);
    expect(mistakes[0]?.message).not.toContain('secret@');
  });

  it('names a file that is not there', async () => {
    const path = await write(
      GOOD.replace(
        'base: { kind: hub, repo: Dream-org/Dream-v0-Instruct-7B }',
        'base: { kind: file, path: nowhere }',
      ),
    );
    const { plan, text, mistakes } = await checkPlanFile(path);
    expect(mistakes).toEqual([
      {
        line: 4,
        path: 'base.path',
        message: `there is no file or folder ${join(folder, 'nowhere')}`,
        zh: `没有文件或文件夹 ${join(folder, 'nowhere')}`,
        absent: true,
      },
    ]);
    // Not to be started, but its text can be read.
    expect([plan, text?.id]).toEqual([null, 'good']);
  });

  it('resolves to fen, seconds and a digest that does not depend on the order of keys', async () => {
    const plan = await loadPlan(await write(GOOD));
    expect(plan.hosts.pricePerHourFen).toBe(150);
    expect(plan.money).toEqual({ capFen: 1000, reserveFen: 0, approveBelowFen: 0 });
    expect(plan.deadlineSeconds).toBe(5 * 86_400);
    const reordered = GOOD.replace('steps: 16, blockLength: 4', 'blockLength: 4, steps: 16');
    expect((await loadPlan(await write(reordered))).digest).toBe(plan.digest);
    const other = GOOD.replace('steps: 3', 'steps: 4');
    expect((await loadPlan(await write(other))).digest).not.toBe(plan.digest);
  });

  it('takes what a command says beside the file, and checks it like the file', async () => {
    const path = await write(GOOD);
    const settings = ['training.steps=7', 'evaluation.suites.0.questions=9'];
    const plan = await loadPlan(path, { id: 'other', language: 'zh', settings });
    expect([plan.id, plan.language, plan.training.steps]).toEqual(['other', 'zh', 7]);
    expect(plan.evaluation.suites[0]?.questions).toBe(9);
    const wrong = loadPlan(path, { id: 'A B', settings: ['evaluation.suites.0.questions=0'] });
    const { message, exitCode } = (await wrong.catch((e: unknown) => e)) as CliError;
    expect(exitCode).toBe(64);
    expect(message.split('\n')).toEqual([
      `2 mistakes in ${path}:`,
      expect.stringMatching(/^ {2}--id A B {2}id: expected lower-case letters.*, got "A B"$/),
      '  --set evaluation.suites.0.questions=0  evaluation.suites.0.questions: expected at least 1, got 0',
    ]);
  });

  it.each([
    ['steps', 'expected path.to.key=value'],
    ['title.of.it=1', 'title.of.it leads through a value'],
    ['training.steps=[', 'the value is not YAML'],
  ])('--set %s is a wrong command line', async (setting, says) => {
    const failed = loadPlan(await write(GOOD), { settings: [setting] });
    const error = (await failed.catch((e: unknown) => e)) as CliError;
    expect([error.message, error.exitCode]).toEqual([`--set ${setting}: ${says}`, 2]);
  });

  it('says of an empty file, and of a folder, what they are', async () => {
    const { mistakes } = await checkPlanFile(await write('# nothing yet\n'));
    expect(mistakes.map(({ message }) => message)).toEqual(['the file is empty: expected a plan']);
    const error = (await checkPlanFile(folder).catch((e: unknown) => e)) as CliError;
    expect(error.exitCode).toBe(64);
    expect(error.message).toContain('it is a folder; name the YAML file in it');
  });

  it('says in words what was expected and what is there, at paths that --set takes', async () => {
    const path = await write(
      GOOD.replace('questions: 5', "questions: 'five'")
        .replace('kind: generated', 'kind: grown')
        .replace('capCny: 10', 'capCny: 0.005')
        .replace('title: A good plan', "title: ''")
        .replace('training: { steps: 3 }', 'training: []'),
    );
    const { mistakes } = await checkPlanFile(path);
    expect(mistakes.map(({ path: at, message }) => `${at}: ${message}`)).toEqual([
      'title: expected at least 1 character, got ""',
      expect.stringMatching(/^data\.source\.kind: expected file \| .*\| generated.*, got "grown"$/),
      'training: expected a block of keys, got an empty list',
      'evaluation.suites.0.questions: expected a number, got "five"',
      'money.capCny: expected a multiple of 0.01, got 0.005',
    ]);
  });

  it('fails with exit code 64 and one text for all mistakes', async () => {
    const error = await loadPlan(await write('id: X!\n')).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(CliError);
    expect((error as CliError).exitCode).toBe(64);
    expect((error as CliError).message).toMatch(/^\d+ mistakes in /);
  });
});

describe('plans/', async () => {
  const files = (await readdir(PLANS)).filter((name) => name.endsWith('.yaml'));

  it.each(files)('%s has no mistake of its own', async (name) => {
    const { mistakes } = await checkPlanFile(join(PLANS, name));
    // Data that a user brings may be absent on this machine; everything else must be right.
    expect(mistakes.filter((m) => !m.message.startsWith('there is no file'))).toEqual([]);
  });
});
