import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { codeDigest } from '../../src/config/code-digest.js';
import { temporaryFolder } from '../support/temporary-folder.js';

function project(): string {
  const root = temporaryFolder();
  mkdirSync(join(root, 'trainer', 'dream_sft', 'train'), { recursive: true });
  mkdirSync(join(root, 'schemas'));
  writeFileSync(join(root, 'trainer', 'requirements.txt'), 'torch==1\n');
  writeFileSync(join(root, 'trainer', 'dream_sft', 'train', 'loop.py'), 'x = 1\n');
  writeFileSync(join(root, 'schemas', 'plan.schema.json'), '{}\n');
  return root;
}

test('the same code in another folder has the same digest', async () => {
  const root = project();
  const copy = join(temporaryFolder(), 'copy');
  cpSync(root, copy, { recursive: true });
  expect(await codeDigest(copy)).toBe(await codeDigest(root));
});

test.each([
  ['code', 'trainer/dream_sft/train/loop.py'],
  ['pinned requirements', 'trainer/requirements.txt'],
  ['a schema', 'schemas/plan.schema.json'],
  ['a new module', 'trainer/dream_sft/new.py'],
])('%s changes it', async (_what, path) => {
  const root = project();
  const before = await codeDigest(root);
  writeFileSync(join(root, path), 'changed');
  expect(await codeDigest(root)).not.toBe(before);
});

test.each(['trainer/dream_sft/train/loop.pyc', 'trainer/README.md'])(
  '%s does not change it',
  async (path) => {
    const root = project();
    const before = await codeDigest(root);
    writeFileSync(join(root, path), 'changed');
    expect(await codeDigest(root)).toBe(before);
  },
);
