import { join } from 'node:path';
import { expect, test } from 'vitest';
import { gatherDataCheck } from '../../src/report/data-check.js';
import { publishArtifact } from '../../src/store/artifacts.js';
import { folderOf, localStore } from '../store/support/examples.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const histogram = [
  { from: 0, to: 64, rows: 3 },
  { from: 64, to: null, rows: 1 },
];

async function gathered(files: Record<string, string>) {
  const store = await localStore();
  const validation = await publishArtifact(store, { folder: await folderOf(files), kind: 'files' });
  return gatherDataCheck(store, validation, join(temporaryFolder(), 'inputs'));
}

test('brings the histogram and the sample that validate wrote', async () => {
  const text = JSON.stringify({ metrics: {}, histogram });
  const files = { 'validation.json': text, 'sample.txt': '2+2=?\n──── ▲ ▼ ────\n4\n' };
  expect(await gathered(files)).toEqual({ histogram, sample: '2+2=?\n──── ▲ ▼ ────\n4' });
});

test('leaves out what cannot be read of it; without the artifact there is nothing', async () => {
  const files = { 'validation.json': '{"histogram": [{"from', 'sample.txt': 'a' };
  expect(await gathered(files)).toEqual({ histogram: [], sample: 'a' });
  expect(await gatherDataCheck(await localStore(), undefined, temporaryFolder())).toBeNull();
});
