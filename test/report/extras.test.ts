import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ArtifactRef } from '../../src/contracts/base.js';
import type { StageResult } from '../../src/contracts/outcome.js';
import { gatherExtras } from '../../src/report/extras.js';
import { publishArtifact } from '../../src/store/artifacts.js';
import { Chain } from '../../src/store/chain.js';
import { Notes } from '../../src/store/notes.js';
import { folderOf, localStore } from '../store/support/examples.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { BEFORE, COMPARISON, exampleData, STRATEGIES, traceOf } from './support/example.js';

const AT = '2026-11-24T10:00:00.000Z';

async function request() {
  const [{ plan }, store] = await Promise.all([exampleData(), localStore()]);
  return { plan, store, results: {}, folder: join(temporaryFolder(), 'report') };
}

const leaving = (
  artifacts: Record<string, ArtifactRef>,
): Pick<StageResult, 'artifacts' | 'stageKey'> => ({
  artifacts,
  stageKey: 'e'.repeat(64),
});

test('a plan without any of it has a report all the same', async () => {
  expect(await gatherExtras(await request())).toEqual({
    comparison: null,
    strategies: null,
    traces: { before: [], after: [] },
    notTraced: null,
    notes: [],
    picks: [],
    backOffs: [],
    reasons: [],
  });
});

test('finds the comparison beside the answers, and leaves out one of another form', async () => {
  const asked = await request();
  const gathered = async (text: string) => {
    const folder = await folderOf({ 'answers.jsonl': '', 'comparison.json': text });
    const answers = await publishArtifact(asked.store, { folder, kind: 'answers' });
    const results = { 'eval-after': leaving({ answers }) } as never;
    return gatherExtras({ ...asked, folder: join(temporaryFolder(), 'report'), results });
  };
  expect((await gathered(JSON.stringify(COMPARISON))).comparison).toEqual(COMPARISON);
  expect((await gathered('{"version": 1, "suites": []}')).comparison).toBeNull();
  expect((await gathered('{"versi')).comparison).toBeNull();
});

test('strategies and traces that commands left in the folder of the plan are found', async () => {
  const asked = await request();
  const leave = (name: string, file: string, text: string): void => {
    mkdirSync(join(asked.folder, '..', name), { recursive: true });
    writeFileSync(join(asked.folder, '..', name, file), text);
  };
  leave('strategies', 'strategies.json', JSON.stringify(STRATEGIES));
  leave('traces', 'before.jsonl', `${JSON.stringify(traceOf(BEFORE[0]!))}\n`);
  const found = await gatherExtras(asked);
  expect(found.strategies).toEqual(STRATEGIES);
  expect(found.traces).toEqual({ before: [traceOf(BEFORE[0]!)], after: [] });
});

test('what the plan has recorded comes before what a person has saved', async () => {
  const asked = await request();
  const recorded = { ...traceOf(BEFORE[0]!), suite: 'gsm8k', id: '48', asEvaluated: true };
  const folder = await folderOf({
    'before.jsonl': `${JSON.stringify(recorded)}\n`,
    'after.jsonl': '',
  });
  const traces = await publishArtifact(asked.store, { folder, kind: 'files' });
  mkdirSync(join(asked.folder, '..', 'traces'), { recursive: true });
  const saved = `${JSON.stringify(traceOf(BEFORE[2]!))}\n`;
  writeFileSync(join(asked.folder, '..', 'traces', 'before.jsonl'), saved);
  const found = await gatherExtras({ ...asked, traces });
  expect(found.traces.before).toEqual([recorded, traceOf(BEFORE[2]!)]);
});

test('notes are kept in order, and the newest choice of cases counts', async () => {
  const asked = await request();
  const notes = new Notes(asked.store, asked.plan.id);
  const pick = { suite: 'gsm8k', id: '50', comment: 'look' };
  await notes.add({ type: 'note', text: 'first', drill: false, at: AT });
  await notes.add({ type: 'cases', picks: [{ ...pick, id: '1' }], at: AT });
  await notes.add({ type: 'note', text: 'second', drill: true, at: AT });
  await notes.add({ type: 'cases', picks: [pick], at: AT });
  const found = await gatherExtras(asked);
  expect(found.notes.map(({ text }) => text)).toEqual(['first', 'second']);
  expect(found.picks).toEqual([pick]);
});

test('back-offs come from the chains of the results, and of shards that no result names', async () => {
  const asked = await request();
  const result = leaving({});
  const shard = 'd'.repeat(64);
  const told = { device: 'NVIDIA H20', tokens: 12_288, documents: null };
  const backOff = async (key: string, tokenBudget: number): Promise<void> => {
    const chain = new Chain(asked.store, key);
    const taken = { planId: asked.plan.id, stage: 'full-train', host: 'a', boot: 'b' } as const;
    const { token } = await chain.acquire({ ...taken, attempt: 1 });
    await chain.budget(token, { resource: 'gpu-memory', tokenBudget, ...told });
  };
  await backOff(result.stageKey, 6144);
  await backOff(shard, 3072);
  const results = { 'full-train': result } as never;
  const chains = [result.stageKey, shard, 'e'.repeat(64)];
  const found = await gatherExtras({ ...asked, results, chains });
  const budgets = found.backOffs.map(({ tokenBudget }) => tokenBudget);
  expect(new Set(budgets)).toEqual(new Set([3072, 6144]));
  const less = await gatherExtras({ ...asked, results });
  expect(less.backOffs).toMatchObject([{ resource: 'gpu-memory', tokenBudget: 6144 }]);
});

test('reasons are those of the plan for Dream 7B, with both languages', async () => {
  const asked = await request();
  const base = { kind: 'hub', repo: 'Dream-org/Dream-v0-Instruct-7B' } as never;
  const { reasons } = await gatherExtras({ ...asked, plan: { ...asked.plan, base } });
  expect(reasons.length).toBeGreaterThan(3);
  for (const { path, en, zh } of reasons)
    expect([path, en, zh].every((one) => one.length > 3)).toBe(true);
});
