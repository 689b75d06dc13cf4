import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { dreamSft } from '../support/run.js';

/** Logs by their age in seconds; the report's copies are the newest, as after a whole plan. */
async function home(): Promise<string> {
  const folder = temporaryFolder();
  const logs = {
    'download/download.log': 300,
    'full-train/train.log': 200,
    'eval-after/evaluate.log': 100,
    'report/inputs/full-train/run/train.log': 0,
  };
  for (const [path, age] of Object.entries(logs)) {
    const file = join(folder, 'runs', 'done', path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `first of ${path}\nsecond of ${path}\n`);
    const at = new Date(Date.UTC(2026, 0, 1) - age * 1000);
    await utimes(file, at, at);
  }
  return folder;
}

test('of a plan that has ended the last stage is shown, not a copy that the report keeps', async () => {
  const { stdout } = await dreamSft(await home(), ['logs', 'done']);
  expect(stdout).toMatch(/^first of eval-after\/evaluate\.log\n/);
});

test('a stage is shown by its name', async () => {
  const { stdout } = await dreamSft(await home(), ['logs', 'done', 'full-train']);
  expect(stdout).toMatch(/^first of full-train\/train\.log\n/);
});

test('the report has no log of its own: exit 4', async () => {
  const { exitCode, stderr } = await dreamSft(await home(), ['logs', 'done', 'report']);
  expect(exitCode).toBe(4);
  expect(stderr).toContain('done has no log of report here');
});

test('a word that is no stage is refused: exit 2', async () => {
  const { exitCode, stderr } = await dreamSft(await home(), ['logs', 'done', 'train']);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('There is no stage train.');
});

test('--json: each line with its stage', async () => {
  const { stdout } = await dreamSft(await home(), ['logs', 'done', 'full-train', '--json']);
  expect(stdout.split('\n').map((line) => JSON.parse(line) as unknown)).toEqual([
    { stage: 'full-train', line: 'first of full-train/train.log' },
    { stage: 'full-train', line: 'second of full-train/train.log' },
  ]);
});
