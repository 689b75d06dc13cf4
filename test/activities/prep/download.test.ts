import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createPrepActivities } from '../../../src/activities/create-prep-activities.js';
import type { StageDeps, TrainerExit } from '../../../src/activities/deps.js';
import type { FileEntry } from '../../../src/contracts/base.js';
import { readManifest } from '../../../src/store/artifacts.js';
import { failure, type Lab, openLab, quietEnvironment } from '../support/lab.js';
import { inputOf } from '../support/real.js';

let lab: Lab;
beforeEach(async () => {
  lab = await openLab();
});
afterEach(() => lab.close());

const BASE = {
  'adapter/adapter_config.json': '{}',
  'config.json': '{"model_type":"Dream"}',
  'model.safetensors': 'weights',
  'tokenizer_config.json': '{}',
  'vocab.json': '{"a":1}',
};
const source = { kind: 'hub', repo: 'owner/model' };
const input = (suites: readonly string[]) =>
  inputOf('download', '6', {
    sources: { base: source, dataset: source },
    suites: suites.map((name) => ({ name, source })),
  });

type Destinations = Readonly<Record<string, string>>;

/** One attempt, whose trainer does `work` in the folders that its spec names. */
async function attempt(
  number: number,
  work: (to: Destinations) => Promise<TrainerExit>,
  suites: readonly string[] = [],
) {
  const startTrainer: StageDeps['startTrainer'] = ({ specPath }) => ({
    pid: 0,
    exited: readFile(specPath, 'utf8').then((text) => {
      const { items } = JSON.parse(text) as { items: { name: string; destination: string }[] };
      return work(Object.fromEntries(items.map(({ name, destination }) => [name, destination])));
    }),
    stop: () => undefined,
    kill: () => undefined,
  });
  const activities = createPrepActivities({ ...lab.deps, startTrainer });
  const given = input(suites);
  return quietEnvironment({ attempt: number }).run((one) => activities.download(one), given);
}

async function put(folder: string, files: Readonly<Record<string, string>>): Promise<FileEntry[]> {
  const entries = Object.entries(files).map(async ([path, text]) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
    const sha256 = createHash('sha256').update(text).digest('hex');
    return { path, size: text.length, sha256 };
  });
  return Promise.all(entries);
}

const exit: TrainerExit = { code: 1, signal: null, result: null, lastError: null, logTail: [] };

/** Everything arrives, and the library leaves a hidden folder beside it. */
async function fetchAll(
  { base, dataset, ...others }: Destinations,
  questions: Readonly<Record<string, string>> = {},
): Promise<TrainerExit> {
  await mkdir(join(base!, '.cache'), { recursive: true });
  const of = async (name: string, folder: string, files: Readonly<Record<string, string>>) => ({
    name,
    revision: null,
    files: await put(folder, files),
    seconds: 1,
  });
  const items = [
    await of('base', base!, BASE),
    await of('dataset', dataset!, { 'rows.jsonl': '{}\n' }),
  ];
  for (const [name, folder] of Object.entries(others)) {
    items.push(await of(name, folder, questions));
  }
  const result = { type: 'result', command: 'download', folder: null, files: [] } as const;
  return { ...exit, code: 0, result: { ...result, metrics: { items } } };
}

test('the tokenizer is what lies beside the weights, without folders', async () => {
  const outcome = await attempt(1, fetchAll);
  if (outcome.kind !== 'finished') throw new Error(outcome.kind);
  const pathsOf = async (name: string) => {
    const { files } = await readManifest(lab.store, outcome.result.artifacts[name]!.digest);
    return files.map(({ path }) => path);
  };
  expect(await pathsOf('base')).toEqual(Object.keys(BASE));
  expect(await pathsOf('tokenizer')).toEqual(['tokenizer_config.json', 'vocab.json']);
});

test('questions of suites lie under the name of their suite, as the kind of file they are', async () => {
  const fetch = (to: Destinations) => fetchAll(to, { 'main/test-00000-of-00001.parquet': 'PAR1' });
  const outcome = await attempt(1, fetch, ['gsm8k', 'math500']);
  if (outcome.kind !== 'finished') throw new Error(outcome.kind);
  const { files } = await readManifest(lab.store, outcome.result.artifacts['suites']!.digest);
  expect(files.map(({ path }) => path)).toEqual(['gsm8k.parquet', 'math500.parquet']);
});

test('a suite whose source has several files is refused with their names', async () => {
  const fetch = (to: Destinations) => fetchAll(to, { 'test.jsonl': '{}', 'train.jsonl': '{}' });
  expect(await failure(attempt(1, fetch, ['gsm8k']))).toMatchObject({
    type: 'BadData',
    message: expect.stringContaining('gsm8k has 2 files (test.jsonl, train.jsonl)'),
  });
});

test('what an attempt has fetched the next one finds, and nothing stays when all is there', async () => {
  let kept = '';
  const lost = attempt(1, async ({ base }) => {
    kept = dirname(base!);
    await put(base!, { '.model.safetensors.part': 'wei' });
    return exit;
  });
  await failure(lost);
  const outcome = await attempt(2, async (to) => {
    expect(await readdir(to['base']!)).toEqual(['.model.safetensors.part']);
    return fetchAll(to);
  });
  expect(outcome.kind).toBe('finished');
  expect(kept).not.toBe('');
  expect(existsSync(kept)).toBe(false);
});
