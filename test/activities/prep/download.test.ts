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
const input = () =>
  inputOf('download', '6', { sources: { base: source, dataset: source }, suites: [] });

type Destinations = Readonly<Record<string, string>>;

/** One attempt, whose trainer does `work` in the folders that its spec names. */
async function attempt(number: number, work: (to: Destinations) => Promise<TrainerExit>) {
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
  return quietEnvironment({ attempt: number }).run((given) => activities.download(given), input());
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
async function fetchAll({ base, dataset }: Destinations): Promise<TrainerExit> {
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
