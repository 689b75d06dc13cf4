import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { hashFolder } from '../../src/store/artifact-files.js';
import { blobKey, publishArtifact } from '../../src/store/artifacts.js';
import { DamagedArtifactError } from '../../src/store/errors.js';
import { exportFiles } from '../../src/store/export-files.js';
import { folderOf, localStore } from './support/examples.js';
import { temporaryFolder } from './support/temporary-folder.js';

const FILES = {
  'model/config.json': '{}',
  'model/model.safetensors': 'weights',
  'optimizer/state.safetensors': 'moments',
};

it('takes one folder of a checkpoint, and a change there does not reach the store', async () => {
  const store = await localStore();
  const source = await folderOf(FILES);
  const artifact = await publishArtifact(store, { folder: source, kind: 'checkpoint' });
  const destination = join(await temporaryFolder(), 'mine');
  const files = await exportFiles(store, { artifact, folder: 'model' }, destination);
  expect(files).toEqual(await hashFolder(join(source, 'model')));
  expect(await hashFolder(destination)).toEqual(files);
  const weights = join(destination, 'model.safetensors');
  expect((await stat(weights)).nlink).toBe(1);
  await writeFile(weights, 'changed');
  const { sha256 } = files.find(({ path }) => path === 'model.safetensors')!;
  expect(Buffer.from((await store.get(blobKey(sha256)))!).toString()).toBe('weights');
});

it('keeps what is right already and replaces what is not', async () => {
  const store = await localStore();
  const artifact = await publishArtifact(store, { folder: await folderOf(FILES), kind: 'model' });
  const destination = await folderOf({ 'model/config.json': '{}', 'model/model.safetensors': 'w' });
  const { ino } = await stat(join(destination, 'model/config.json'));
  await exportFiles(store, { artifact, folder: '' }, destination);
  expect((await stat(join(destination, 'model/config.json'))).ino).toBe(ino);
  expect(await readFile(join(destination, 'model/model.safetensors'), 'utf8')).toBe('weights');
});

it('leaves out what something else has brought', async () => {
  const store = await localStore();
  const artifact = await publishArtifact(store, { folder: await folderOf(FILES), kind: 'model' });
  const except = new Set(['config.json']);
  const destination = await temporaryFolder();
  const files = await exportFiles(store, { artifact, folder: 'model', except }, destination);
  expect(files.map(({ path }) => path)).toEqual(['model.safetensors']);
  expect(await hashFolder(destination)).toEqual(files);
});

it('names every file that is damaged in the store', async () => {
  const store = await localStore();
  const folder = await folderOf(FILES);
  const artifact = await publishArtifact(store, { folder, kind: 'model' });
  for (const { path, sha256 } of await hashFolder(folder)) {
    if (path !== 'model/config.json') await store.put(blobKey(sha256), Buffer.from('broken'));
  }
  const failed = exportFiles(store, { artifact, folder: '' }, await temporaryFolder());
  await expect(failed).rejects.toThrow(DamagedArtifactError);
  await expect(failed).rejects.toThrow(/model\.safetensors.*optimizer/);
});
