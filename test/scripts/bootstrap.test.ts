import { chmodSync, cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.js';

const SCRIPT = fileURLToPath(new URL('../../scripts/bootstrap.mjs', import.meta.url));

/** A fresh clone as far as the first check needs one, with a Python that says what it is told to. */
async function setUp(python: (folder: string) => string) {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'scripts'));
  cpSync(SCRIPT, join(folder, 'scripts', 'bootstrap.mjs'));
  const name = python(folder);
  const ended = await execa(process.execPath, [join(folder, 'scripts', 'bootstrap.mjs')], {
    reject: false,
    env: { DREAM_SFT_BASE_PYTHON: name },
  });
  return { ended, name, left: readdirSync(folder) };
}

test.each([
  { what: 'no Python', says: null },
  { what: 'a Python that is too old', says: '3 9' },
])('$what: two lines, exit 70, and nothing was installed before', async ({ says }) => {
  const { ended, name, left } = await setUp((folder) => {
    const path = join(folder, 'scripts', 'python');
    if (says === null) return path;
    writeFileSync(path, `#!/bin/sh\necho ${says}\n`);
    chmodSync(path, 0o755);
    return path;
  });
  expect(ended.exitCode).toBe(70);
  expect(ended.stdout).toBe('');
  expect(ended.stderr.split('\n')).toEqual([
    `Python 3.10 or newer with venv is not found (looked for ${name}).`,
    'Install it (Debian, Ubuntu: apt install python3-venv), or name it with DREAM_SFT_BASE_PYTHON.',
  ]);
  expect(left).toEqual(['scripts']);
});
