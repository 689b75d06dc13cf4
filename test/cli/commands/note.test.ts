import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Summary } from '../../../src/contracts/state.js';
import { Notes } from '../../../src/store/notes.js';
import { openStore } from '../../../src/store/open-store.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { dreamSft } from '../support/run.js';

const artifact = { digest: 'a'.repeat(64), bytes: 1 };

/** A home whose plan has ended, and what people have added to it. */
async function ended() {
  const home = temporaryFolder();
  const summary = Summary.parse({
    planId: 'done',
    status: 'finished',
    wallSeconds: 1,
    stages: [],
    interruptions: [],
    training: null,
    evaluation: { before: {}, after: {} },
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
  expect((await dreamSft(home, ['cases', 'done', ...pick])).exitCode).toBe(0);
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
