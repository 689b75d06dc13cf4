import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { publishArtifact } from '../../../src/store/artifacts.js';
import { openStore } from '../../../src/store/open-store.js';
import { folderOf } from '../../store/support/examples.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { dreamSft } from '../support/run.js';

const TINY = fileURLToPath(new URL('../../../plans/tiny.yaml', import.meta.url));

/** A home whose store has an artifact that nothing refers to, just published. */
async function withLoose() {
  const home = temporaryFolder();
  const store = await openStore({ kind: 'local' }, home);
  const folder = await folderOf({ 'a.txt': 'nobody’s' });
  await publishArtifact(store, { folder, kind: 'files' });
  return { home, store };
}

test('shows what is there and leaves alone what is young, also with --delete', async () => {
  const { home, store } = await withLoose();
  const before = await store.list('');
  const looked = await dreamSft(home, ['store', 'gc']);
  expect([looked.exitCode, looked.stderr]).toEqual([0, '']);
  expect(looked.stdout.split('\n')).toEqual([
    `${join(home, 'store')}: 1 artifact and 1 file`,
    'nothing refers to no artifacts and no files older than 1d, 0.0 MB',
  ]);
  const deleted = await dreamSft(home, ['store', 'gc', '--delete', '--older-than', '1h', '--json']);
  expect(JSON.parse(deleted.stdout)).toEqual({
    store: join(home, 'store'),
    there: { artifacts: 1, files: 1 },
    garbage: { manifests: [], blobs: [], bytes: 0, unreadable: [] },
    deleted: { manifests: 0, blobs: 0, finished: true },
    uploads: [],
  });
  expect(await store.list('')).toEqual(before);
});

test.each(['59m', '0d', '1w', 'soon'])('--older-than %s is refused', async (time) => {
  const { exitCode, stderr } = await dreamSft(temporaryFolder(), [
    'store',
    'gc',
    '--older-than',
    time,
  ]);
  expect([exitCode, stderr]).toEqual([
    2,
    `--older-than ${time} cannot be.\nGive a number with d, h or m that is an hour or more, as in 2d.`,
  ]);
});

test('a plan file names the store; one that cannot be used is told in one sentence', async () => {
  const home = temporaryFolder();
  const plan = join(home, 'plan.yaml');
  const store = '{ kind: s3, bucket: dream-sft, endpoint: "http://127.0.0.1:1" }';
  await writeFile(plan, `${await readFile(TINY, 'utf8')}\nstore: ${store}\n`);
  const env = { AWS_ACCESS_KEY_ID: 'dream', AWS_SECRET_ACCESS_KEY: 'very-secret' };
  const { exitCode, stderr } = await dreamSft(home, ['store', 'gc', plan], env);
  expect(stderr.split('\n')[0]).toContain('nothing answers at http://127.0.0.1:1');
  expect(stderr).not.toContain('very-secret');
  expect(exitCode).toBe(4);
});
