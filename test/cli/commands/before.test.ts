import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { beforeOf } from '../../../src/cli/before-scores.js';
import { loadPlan } from '../../../src/cli/plan-file.js';
import { codeDigest } from '../../../src/config/code-digest.js';
import { loadConfig } from '../../../src/config/config.js';
import type { StageMetrics } from '../../../src/contracts/outcome.js';
import { publishArtifact } from '../../../src/store/artifacts.js';
import type { ObjectStore } from '../../../src/store/object-store.js';
import { openStore } from '../../../src/store/open-store.js';
import { readResult, writeResult } from '../../../src/store/results.js';
import { stageKeyOf } from '../../../src/store/stage-key.js';
import { stageConfiguration } from '../../../src/workflows/stage-configuration.js';
import { TINY_PLAN } from '../../helpers/plans.js';
import { folderOf } from '../../store/support/examples.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { dreamSft } from '../support/in-process.js';

const score = {
  ...{ score: 0.5, n: 200, correct: 100, interval: [0.43, 0.57] as [number, number] },
  ...{ unreadable: 0, meanAnswerTokens: 3, seconds: 7 },
};
const scores = { suites: { arithmetic: score }, secondsPerQuestion: 0.1, answersThisAttempt: 0 };
const metrics: StageMetrics = { kind: 'evaluate', evaluate: scores };
const FACTS = { startedAt: '', modelFolder: '' } as const;
const code = await codeDigest(loadConfig().root);
const plan = await loadPlan(TINY_PLAN);

const made = { planId: 'tiny', seconds: 1, finishedAt: '2026-11-30T20:00:00.000Z' };

/** What the plan has downloaded into a store: a base of this text. */
async function download(store: ObjectStore, base: string) {
  const artifact = async (file: string) =>
    publishArtifact(store, { folder: await folderOf({ file }), kind: 'files' });
  const configuration = stageConfiguration(plan, 'download', FACTS);
  const key = {
    kind: 'download',
    configuration,
    inputs: {},
    codeDigest: code,
    generation: 0,
  } as const;
  const [model, tokenizer] = [await artifact(base), await artifact('tokenizer')];
  await writeResult(store, {
    ...{ ...made, stage: 'download', stageKey: stageKeyOf(key) },
    artifacts: { base: model, tokenizer },
    metrics: { kind: 'download', download: { items: [] } },
  });
  return { model, tokenizer };
}

/** The key of the plan's scores in a store, asked of the store that has the base. */
async function keyIn(store: ObjectStore): Promise<string> {
  const before = await beforeOf(plan, store, code);
  return before.keyOf(before.asked[0]!.configuration, before.inputs!);
}

let home: string;
let exported: string;
beforeEach(async () => {
  home = temporaryFolder();
  const store = await openStore({ kind: 'local' }, home);
  await download(store, 'the base');
  const files = { 'answers.jsonl': '{"id": "1+1"}\n', 'scores.json': JSON.stringify(scores) };
  const answers = await publishArtifact(store, { folder: await folderOf(files), kind: 'answers' });
  const stageKey = await keyIn(store);
  await writeResult(store, {
    ...made,
    stage: 'eval-before',
    stageKey,
    artifacts: { answers },
    metrics,
  });
  exported = join(home, 'exported');
  const told = await dreamSft(home, ['before', 'export', TINY_PLAN, exported]);
  expect([told.exitCode, told.stderr]).toEqual([0, '']);
  expect(told.stdout).toContain(`Scores before of tiny (answers) are in ${exported}.`);
});

const importInto = (there: string, ...settings: string[]) =>
  dreamSft(there, [
    ...['before', 'import', TINY_PLAN, exported],
    ...(settings.length > 0 ? ['--set', ...settings] : []),
  ]);

test('another machine with the same base takes them as its own, for any number of shards', async () => {
  const there = temporaryFolder();
  const store = await openStore({ kind: 'local' }, there);
  await download(store, 'the base');
  const { exitCode, stdout } = await importInto(there, 'evaluation.shards=4');
  expect(exitCode).toBe(0);
  expect(stdout).toContain('tiny has its scores before (answers): they are not asked again.');
  const result = await readResult(store, await keyIn(store));
  expect(result).toMatchObject({ stage: 'eval-before', metrics });
});

test('before the download they wait for a base of their digest', async () => {
  const there = temporaryFolder();
  const { exitCode, stdout } = await importInto(there);
  expect(exitCode).toBe(0);
  const store = await openStore({ kind: 'local' }, there);
  const { model } = await download(store, 'the base');
  expect(stdout).toContain(`they count if its digest is ${model.digest.slice(0, 12)}.`);
  expect(await readResult(store, await keyIn(store))).toMatchObject({ metrics });
});

test('other settings and another base are refused, each by name', async () => {
  const there = temporaryFolder();
  await download(await openStore({ kind: 'local' }, there), 'another base');
  const { exitCode, stderr } = await importInto(there, 'evaluation.batchSize=25');
  expect(exitCode).toBe(65);
  expect(stderr).toContain(`The scores in ${exported} are not those of tiny; 2 reasons:`);
  expect(stderr).toContain('answers: batchSize: 50 → 25');
  expect(stderr).toMatch(/answers: the base was [0-9a-f]{12}, this plan has [0-9a-f]{12}/);
});

test('changed answers, better scores and other code are refused', async () => {
  await writeFile(join(exported, 'answers', 'answers', 'answers.jsonl'), '{"id": "1+2"}\n');
  const path = join(exported, 'before.json');
  const document = JSON.parse(await readFile(path, 'utf8'));
  document.codeDigest = 'f'.repeat(64);
  document.scores[0].result.metrics.evaluate.suites.arithmetic.correct = 200;
  await writeFile(path, JSON.stringify(document));
  const { exitCode, stderr } = await importInto(home);
  expect(exitCode).toBe(65);
  expect(stderr).toContain('made by trainer code ffffffffffff');
  expect(stderr).toContain('answers: files of answers are missing or changed');
  expect(stderr).toContain('answers: before.json tells other scores than its answers');
});

test('what is no export says so; nothing is overwritten; without scores there is nothing', async () => {
  const empty = join(home, 'empty');
  await mkdir(empty);
  const none = await dreamSft(home, ['before', 'import', TINY_PLAN, empty]);
  expect([none.exitCode, none.stderr]).toEqual([
    4,
    expect.stringContaining('holds no before.json'),
  ]);
  await cp(join(exported, 'before.json'), join(empty, 'before.json'));
  await writeFile(join(empty, 'before.json'), '{}');
  const damaged = await dreamSft(home, ['before', 'import', TINY_PLAN, empty]);
  expect([damaged.exitCode, damaged.stderr]).toEqual([65, expect.stringContaining('is damaged')]);
  const full = await dreamSft(home, ['before', 'export', TINY_PLAN, exported]);
  expect([full.exitCode, full.stderr]).toEqual([2, expect.stringContaining('is not empty')]);
  const other = [
    'before',
    'export',
    TINY_PLAN,
    join(home, 'more'),
    '--set',
    'evaluation.batchSize=10',
  ];
  const nothing = await dreamSft(home, other);
  expect([nothing.exitCode, nothing.stderr]).toEqual([4, expect.stringContaining('no scores')]);
});
