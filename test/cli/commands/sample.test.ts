import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { FineTuned, Summary } from '../../../src/contracts/state.js';
import { hashFolder } from '../../../src/store/artifact-files.js';
import { blobKey, publishArtifact } from '../../../src/store/artifacts.js';
import { openStore } from '../../../src/store/open-store.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { dreamSft } from '../support/run.js';

const BASE = fileURLToPath(new URL('../../../trainer/assets/tiny-base', import.meta.url));
const SMALL = ['--device', 'cpu', '--set', 'sampling.maxNewTokens=8', 'sampling.blockLength=4'];
const QUESTION = '12+30=?';

/** A home with a plan that has ended; its model and its base are the repository's tiny base. */
async function ended(change: (model: FineTuned) => Partial<FineTuned> = () => ({})) {
  const home = temporaryFolder();
  const store = await openStore({ kind: 'local' }, home);
  const artifact = await publishArtifact(store, { folder: BASE, kind: 'model' });
  const model: FineTuned = {
    ...{ artifact, folder: '', tokenizer: artifact, base: artifact, store: { kind: 'local' } },
  };
  const summary: Summary = {
    ...{ planId: 'done', status: 'finished', wallSeconds: 1, stages: [], interruptions: [] },
    ...{ training: null, evaluation: { before: {}, after: {} }, checkpoint: null, pilot: null },
    model: { ...model, ...change(model) },
    spend: { currency: 'CNY', totalFen: 0, capFen: 0, lostToInterruptionsFen: 0 },
    ...{ report: { html: null, pptx: null, markdown: null }, temporalUi: null },
  } as Summary;
  await mkdir(join(home, 'runs', 'done'), { recursive: true });
  await writeFile(join(home, 'runs', 'done', 'summary.json'), JSON.stringify(summary));
  return { home, store };
}

interface Document {
  readonly systemPrompt: string | null;
  readonly model: { readonly folder: string; readonly label: string };
  readonly answers: readonly { readonly answer: string; readonly steps: number }[];
}

test('a folder and a plan with the same weights give the same answer; the base can be asked too', async () => {
  const { home } = await ended();
  const ask = async (...args: string[]): Promise<Document> => {
    const ran = await dreamSft(home, ['sample', ...args, ...SMALL, '--json']);
    expect([ran.exitCode, ran.stderr]).toEqual([0, '']);
    return JSON.parse(ran.stdout) as Document;
  };
  const [folder, plan, base] = [
    await ask(BASE, QUESTION),
    await ask('done', QUESTION),
    await ask('done', QUESTION, '--base'),
  ];
  expect(folder.answers[0]!.steps).toBeGreaterThan(0);
  expect(plan.answers).toEqual(folder.answers);
  expect(base.answers).toEqual(folder.answers);
  expect([plan.model.label, base.model.label]).toEqual([
    'fine-tuned model of done',
    'base of done',
  ]);
  expect(plan.model.folder).toContain(join(home, 'models'));
  expect(await hashFolder(plan.model.folder)).toEqual(await hashFolder(BASE));
  // A log that nobody will look for is not kept.
  expect(await readdir(join(home, 'logs'))).toEqual([]);
});

test('a plan is asked with the system prompt that it was trained with; another can be set', async () => {
  const { home } = await ended(() => ({ systemPrompt: '3' }));
  const ask = async (...args: string[]): Promise<Document> =>
    JSON.parse((await dreamSft(home, ['sample', ...args, ...SMALL, '--json'])).stdout) as Document;
  const [plan, folder, set] = [
    await ask('done', QUESTION),
    await ask(BASE, QUESTION, '--system-prompt', '3'),
    await ask('done', QUESTION, '--system-prompt', '4+4'),
  ];
  const prompts = [plan, folder, set].map(({ systemPrompt }) => systemPrompt);
  expect(prompts).toEqual(['3', '3', '4+4']);
  expect(plan.answers).toEqual(folder.answers);
  expect(plan.answers).not.toEqual(set.answers);
});

test('--watch in a pipe tells every step, and the trace holds the same', async () => {
  const home = temporaryFolder();
  const trace = join(home, 'out', 'trace.jsonl');
  const args = ['sample', BASE, QUESTION, '7+8=?', '--watch', '--save-trace', trace, ...SMALL];
  const { stdout, exitCode } = await dreamSft(home, args);
  expect(exitCode).toBe(0);
  const lines = (await readFile(trace, 'utf8')).trim().split('\n');
  const traced = lines.map((line) => JSON.parse(line) as { reveals: { step: number }[] });
  const steps = traced.map(({ reveals }) => new Set(reveals.map(({ step }) => step)).size);
  expect(stdout.split('\n').filter((line) => line.startsWith('step ')).length).toBe(
    steps.reduce((a, b) => a + b),
  );
  expect(stdout.indexOf(QUESTION)).toBeLessThan(stdout.indexOf('7+8=?'));
});

test('weights that are damaged in the store are named: exit 65', async () => {
  const { home, store } = await ended();
  const weights = (await hashFolder(BASE)).find(({ path }) => path === 'model.safetensors')!;
  await store.put(blobKey(weights.sha256), Buffer.from('broken'));
  const { exitCode, stderr } = await dreamSft(home, ['sample', 'done', QUESTION, ...SMALL]);
  expect(exitCode).toBe(65);
  expect(stderr).toMatch(/^Artifact [0-9a-f]{12} is damaged: model\.safetensors/);
});

test.each([
  [['nobody', QUESTION], 4, 'There is no summary of nobody'],
  [['No/Where', QUESTION], 4, 'No/Where is neither the id of a plan nor a folder with a model'],
  [[BASE, QUESTION, '--base'], 2, '--base asks for the base of a plan'],
  [[BASE, QUESTION, '--device', 'tpu'], 2, '--device tpu is neither cpu nor cuda'],
  [[BASE, QUESTION, '--on', 'moon'], 2, '--on moon is neither here nor host'],
  [[BASE, QUESTION, '--on', 'host'], 2, 'is a folder of this machine'],
  [
    ['nobody', QUESTION, '--on', 'host', '--device', 'cpu'],
    2,
    '--device cpu is about this machine',
  ],
  [['nobody', QUESTION, '--set', 'sampling.blockLength=7'], 2, 'must divide maxNewTokens'],
  [['nobody', ' '], 2, 'A question is empty'],
])('%j: exit %i', async (args, exit, said) => {
  const { exitCode, stderr } = await dreamSft(temporaryFolder(), ['sample', ...args]);
  expect(stderr).toContain(said);
  expect(stderr).not.toContain('    at ');
  expect(exitCode).toBe(exit);
});

test('a plan of an older version, whose hosts nobody noted, is asked here only: exit 4', async () => {
  const { home } = await ended();
  const ran = await dreamSft(home, ['sample', 'done', QUESTION, '--on', 'host']);
  expect([ran.exitCode, ran.stderr.split('\n')[1]]).toEqual([
    4,
    'Ask it on this machine: --on here.',
  ]);
});

test('a plan of an older version, whose base nobody noted: exit 4', async () => {
  const { home } = await ended(() => ({ base: undefined }) as Partial<FineTuned>);
  const { exitCode, stderr } = await dreamSft(home, ['sample', 'done', QUESTION, '--base']);
  expect([exitCode, stderr.split('\n')[1]]).toEqual([
    4,
    'Name the folder of the base instead of the plan.',
  ]);
});

test('what the trainer refuses is told as it told it, and its log stays', async () => {
  const home = temporaryFolder();
  const model = join(home, 'model');
  await mkdir(model);
  await writeFile(join(model, 'config.json'), '{}');
  const { exitCode, stderr } = await dreamSft(home, ['sample', model, QUESTION, ...SMALL]);
  expect(exitCode).toBe(65);
  expect(stderr).toContain(`cannot use the model in ${model}`);
  const [asked] = await readdir(join(home, 'logs'));
  expect(existsSync(join(home, 'logs', asked!, 'stderr.log'))).toBe(true);
});
