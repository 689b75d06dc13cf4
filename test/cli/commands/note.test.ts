import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Summary } from '../../../src/contracts/state.js';
import { Notes } from '../../../src/store/notes.js';
import { publishArtifact } from '../../../src/store/artifacts.js';
import { openStore } from '../../../src/store/open-store.js';
import { folderOf } from '../../store/support/examples.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { dreamSft } from '../support/in-process.js';

const artifact = { digest: 'a'.repeat(64), bytes: 1 };

const ASKED = ['47', '48', '148', '1319'];

async function published(home: string) {
  const lines = ASKED.map((id) => ({
    ...{ suite: 'gsm8k', id, question: '?', gold: '1', answer: '1', extracted: '1' },
    correct: true,
  }));
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  const folder = await folderOf({ 'answers.jsonl': text });
  return publishArtifact(await openStore({ kind: 'local' }, home), { folder, kind: 'answers' });
}

/** A home whose plan has ended, evaluated or not, and what people have added to it. */
async function ended({ evaluated = false } = {}) {
  const home = temporaryFolder();
  const answers = evaluated ? await published(home) : null;
  const summary = Summary.parse({
    planId: 'done',
    status: 'finished',
    wallSeconds: 1,
    stages: [],
    interruptions: [],
    training: null,
    evaluation: {
      before: {},
      after: {},
      answers: answers && { before: answers, after: answers },
    },
    model: { artifact, folder: '', tokenizer: artifact, store: { kind: 'local' } },
    spend: { currency: 'CNY', totalFen: 0, capFen: 0, lostToInterruptionsFen: 0 },
    report: { html: null, pptx: null, markdown: null },
    temporalUi: null,
  });
  await mkdir(join(home, 'runs', 'done'), { recursive: true });
  await writeFile(join(home, 'runs', 'done', 'summary.json'), JSON.stringify(summary));
  const entries = async () => new Notes(await openStore({ kind: 'local' }, home), 'done').entries();
  return { home, entries };
}

test('a note is dated and kept with the plan; a drill is marked as one', async () => {
  const { home, entries } = await ended();
  const noted = await dreamSft(home, ['note', 'done', 'the mirror was down']);
  expect([noted.exitCode, noted.stderr]).toEqual([0, '']);
  expect(noted.stdout).toContain('dream-sft retry done --from report');
  await dreamSft(home, ['note', 'done', 'killed the worker', '--drill']);
  expect(await entries()).toMatchObject([
    { type: 'note', text: 'the mirror was down', drill: false },
    { type: 'note', text: 'killed the worker', drill: true },
  ]);
});

test('cases are chosen with their comments, shown, and forgotten again', async () => {
  const { home, entries } = await ended();
  const pick = ['--pick', 'gsm8k:48', '--pick', 'custom:a:b', '--comment', 'it sees the half'];
  const chosen = await dreamSft(home, ['cases', 'done', ...pick]);
  expect(chosen.exitCode).toBe(0);
  expect(chosen.stdout).toContain('2 chosen, not checked');
  expect((await entries()).at(-1)).toMatchObject({
    picks: [
      { suite: 'gsm8k', id: '48', comment: 'it sees the half' },
      { suite: 'custom', id: 'a:b', comment: null },
    ],
  });
  const shown = await dreamSft(home, ['cases', 'done']);
  expect(shown.stdout).toBe('gsm8k:48  it sees the half\ncustom:a:b');
  await dreamSft(home, ['cases', 'done', '--by-rule']);
  expect((await dreamSft(home, ['cases', 'done'])).stdout).toContain('By rule');
});

test.each([
  [['note', 'done', '  '], 2, 'A note has 1 to 2000 letters.'],
  [['cases', 'done', '--pick', 'gsm8k'], 2, '--pick gsm8k names no question.'],
  [['cases', 'done', '--comment', 'x'], 2, 'A --comment has no --pick.'],
  [['note', 'nobody', 'x'], 3, 'No Temporal server answers'],
])('%j is refused in a line or two', async (args, code, message) => {
  const { home } = await ended();
  const { exitCode, stderr } = await dreamSft(home, args);
  expect(stderr).toContain(message);
  expect(stderr).not.toContain('    at ');
  expect(exitCode).toBe(code);
});

test('a question that was not asked is refused with those near it, and nothing is chosen', async () => {
  const { home, entries } = await ended({ evaluated: true });
  const picks = ['--pick', 'gsm8k:1310', '--pick', 'gsm8k:48', '--pick', 'math500:1'];
  const { exitCode, stderr } = await dreamSft(home, ['cases', 'done', ...picks]);
  expect(exitCode).toBe(4);
  expect(stderr).toContain(
    '--pick gsm8k:1310 is none of the 4 questions of gsm8k; near: gsm8k:1319, gsm8k:148',
  );
  expect(stderr).toContain('the evaluation has no suite math500; it has gsm8k.');
  expect(await entries()).toEqual([]);
});

test('a question that was asked is chosen', async () => {
  const { home, entries } = await ended({ evaluated: true });
  const { stdout } = await dreamSft(home, ['cases', 'done', '--pick', 'gsm8k:48']);
  expect(stdout).toContain('1 chosen. The report shows it');
  expect(await entries()).toMatchObject([{ picks: [{ suite: 'gsm8k', id: '48' }] }]);
});
