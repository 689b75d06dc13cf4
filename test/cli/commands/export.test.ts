import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { FineTuned, StageStatus, Summary } from '../../../src/contracts/state.js';
import { hashFolder } from '../../../src/store/artifact-files.js';
import { blobKey, publishArtifact } from '../../../src/store/artifacts.js';
import { openStore } from '../../../src/store/open-store.js';
import { folderOf } from '../../store/support/examples.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { dreamSft } from '../support/in-process.js';

const WEIGHTS = { 'config.json': '{}', 'model.safetensors': 'fine-tuned' };

/** A home with a plan that has ended and left this model. */
async function ended(
  change: Partial<FineTuned> | null = {},
  rest: (model: FineTuned) => Partial<Summary> = () => ({}),
): Promise<string> {
  const home = temporaryFolder();
  const store = await openStore({ kind: 'local' }, home);
  const artifact = await publishArtifact(store, { folder: await folderOf(WEIGHTS), kind: 'model' });
  const vocabulary = await folderOf({ 'vocab.json': '[]', 'config.json': 'another' });
  const tokenizer = await publishArtifact(store, { folder: vocabulary, kind: 'files' });
  const model: FineTuned = { artifact, folder: '', tokenizer, store: { kind: 'local' } };
  const summary: Summary = {
    planId: 'done',
    status: 'finished',
    wallSeconds: 1,
    stages: [],
    interruptions: [],
    training: null,
    evaluation: { before: {}, after: {} },
    model: change && { ...model, ...change },
    checkpoint: null,
    pilot: null,
    spend: { currency: 'CNY', totalFen: 0, capFen: 0, lostToInterruptionsFen: 0 },
    report: { html: null, pptx: null, markdown: null },
    temporalUi: null,
    ...rest(model),
  };
  const folder = join(home, 'runs', 'done');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'summary.json'), JSON.stringify(summary));
  return home;
}

test('model and tokenizer lie together in the folder that was named, without a server', async () => {
  const home = await ended();
  const folder = join(home, 'mine');
  const { stdout, stderr, exitCode } = await dreamSft(home, ['export', 'done', folder]);
  expect([exitCode, stderr]).toEqual([0, '']);
  expect(stdout).toContain(`The fine-tuned model of done is in ${folder}: 3 files`);
  const names = await readdir(folder);
  expect(names.toSorted()).toEqual(['config.json', 'model.safetensors', 'vocab.json']);
  expect(await readFile(join(folder, 'model.safetensors'), 'utf8')).toBe('fine-tuned');
  expect(await readFile(join(folder, 'config.json'), 'utf8')).toBe('{}');
  const told = await dreamSft(home, ['report', 'done']);
  expect(told.stdout).toMatch(/fine-tuned model: artifact [0-9a-f]{16} in .*store/);
  expect(told.stdout).toContain('dream-sft export done FOLDER');
});

test('a folder that holds something is refused and stays as it is', async () => {
  const home = await ended();
  const folder = await folderOf({ mine: '1' });
  const { stderr, exitCode } = await dreamSft(home, ['export', 'done', folder]);
  expect(exitCode).toBe(2);
  expect(stderr.split('\n')).toEqual([
    `${folder} is not empty, and an export overwrites nothing.`,
    'Name a folder that is empty or not there yet.',
  ]);
  expect(await readdir(folder)).toEqual(['mine']);
});

test('an empty folder is filled; --json tells what is in it', async () => {
  const home = await ended();
  const folder = temporaryFolder();
  const { stdout } = await dreamSft(home, ['export', 'done', folder, '--json']);
  const told = JSON.parse(stdout) as { folder: string; files: { path: string }[] };
  expect(told.folder).toBe(folder);
  expect(told.files.toSorted((a, b) => (a.path < b.path ? -1 : 1))).toEqual(
    await hashFolder(folder),
  );
});

test('a model that is damaged in the store is named and leaves no folder: exit 65', async () => {
  const home = await ended();
  const store = await openStore({ kind: 'local' }, home);
  const weights = (await hashFolder(await folderOf(WEIGHTS))).at(-1)!;
  await store.put(blobKey(weights.sha256), Buffer.from('broken'));
  const folder = join(home, 'mine');
  const { stderr, exitCode } = await dreamSft(home, ['export', 'done', folder]);
  expect(exitCode).toBe(65);
  expect(stderr).toMatch(/^Artifact [0-9a-f]{12} is damaged: model\.safetensors/);
  expect([existsSync(folder), existsSync(`${folder}.part`)]).toEqual([false, false]);
});

test('a plan without a model, and a plan that nobody knows: exit 4', async () => {
  const home = await ended(null);
  const none = await dreamSft(home, ['export', 'done', join(home, 'mine')]);
  expect(none.exitCode).toBe(4);
  expect(none.stderr).toContain('done has no fine-tuned model');
  const unknown = await dreamSft(home, ['export', 'other', join(home, 'mine')]);
  expect(unknown.exitCode).toBe(4);
  expect(unknown.stderr).toContain('There is no summary of other');
});

const stage = (status: StageStatus) => ({
  name: 'full-train' as const,
  status,
  attempts: 1,
  seconds: 1,
  cached: false,
});

test('--checkpoint exports what a training had published when it was stopped', async () => {
  const home = await ended(null, (model) => ({
    status: 'cancelled',
    checkpoint: { ...model, step: 120 },
    stages: [stage('cancelled')],
  }));
  const folder = join(home, 'mine');
  const without = await dreamSft(home, ['export', 'done', folder]);
  expect(without.exitCode).toBe(4);
  expect(without.stderr).toContain(
    '--checkpoint` gives the model of its last checkpoint, step 120',
  );
  const { stdout, exitCode } = await dreamSft(home, ['export', 'done', folder, '--checkpoint']);
  expect(exitCode).toBe(0);
  expect(stdout).toContain(`The model of step 120 of done is in ${folder}: 3 files`);
});

test('--checkpoint of a plan without one is exit 4, of a running training exit 5', async () => {
  const none = await dreamSft(await ended(), ['export', 'done', 'mine', '--checkpoint']);
  expect([none.exitCode, none.stderr.split('\n')[0]]).toEqual([
    4,
    'done has published no checkpoint of full-train.',
  ]);
  const home = await ended(null, (model) => ({
    status: 'running',
    checkpoint: { ...model, step: 120 },
    stages: [stage('running')],
  }));
  const running = await dreamSft(home, ['export', 'done', 'mine', '--checkpoint']);
  expect(running.exitCode).toBe(5);
  expect(running.stderr).toContain('dream-sft pause done');
});
