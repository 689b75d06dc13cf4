import { expect, test } from 'vitest';
import { chooseCases } from '../../src/activities/choose-cases.js';
import { publishArtifact } from '../../src/store/artifacts.js';
import { Notes } from '../../src/store/notes.js';
import { folderOf, localStore } from '../store/support/examples.js';

const AT = '2026-11-30T10:00:00.000Z';
const GONE = { digest: '9'.repeat(64), bytes: 1 };

async function evaluated() {
  const store = await localStore();
  const answers = async (right: readonly boolean[]) => {
    const lines = right.map((correct, i) => ({
      ...{ suite: 'gsm8k', id: i, question: `${i}?`, gold: '1', answer: '', extracted: null },
      correct,
    }));
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    const folder = await folderOf({ 'answers.jsonl': text });
    return publishArtifact(store, { folder, kind: 'answers' });
  };
  const before = await answers([true, false, true, false, false]);
  const after = await answers([true, false, false, true, true]);
  const choose = (a = before, b = after) =>
    chooseCases({ store })({ planId: 'p', before: a, after: b, store: { kind: 'local' } });
  return { store, choose };
}

test('by rule: the first fixed, the first still wrong, the first that got worse', async () => {
  const { choose } = await evaluated();
  expect((await choose()).map(({ id }) => id)).toEqual(['3', '1', '2']);
});

test('what a person has picked last counts', async () => {
  const { store, choose } = await evaluated();
  const notes = new Notes(store, 'p');
  const pick = (id: string) => ({ suite: 'gsm8k', id, comment: null });
  await notes.add({ type: 'cases', picks: [pick('0')], at: AT });
  await notes.add({ type: 'cases', picks: [pick('4'), pick('2')], at: AT });
  expect(await choose()).toEqual([
    { suite: 'gsm8k', id: '4' },
    { suite: 'gsm8k', id: '2' },
  ]);
  await notes.add({ type: 'cases', picks: [], at: AT });
  expect((await choose()).map(({ id }) => id)).toEqual(['3', '1', '2']);
});

test('answers that are not in the store leave nothing to show', async () => {
  const { choose } = await evaluated();
  expect(await choose(GONE)).toEqual([]);
});
