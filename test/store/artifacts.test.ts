import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { hashFolder } from '../../src/store/artifact-files.js';
import { blobKey, manifestKey, materialise, publishArtifact } from '../../src/store/artifacts.js';
import { digestOf } from '../../src/store/canonical-json.js';
import { DamagedArtifactError } from '../../src/store/errors.js';
import { HostCache } from '../../src/store/host-cache.js';
import { folderOf, localStore } from './support/examples.js';
import { temporaryFolder } from './support/temporary-folder.js';

it('brings back what was published, with and without a cache', async () => {
  const store = await localStore();
  const folder = await folderOf({ 'b/c.txt': 'c', 'a.safetensors': 'weights' });
  const ref = await publishArtifact(store, { folder, kind: 'model' });
  const to = await temporaryFolder();
  const cache = new HostCache(join(to, 'cache'));
  for (const [index, options] of [{}, { cache }, { cache }].entries()) {
    const manifest = await materialise(store, ref, join(to, `new-${index}`), options);
    expect(digestOf(manifest)).toBe(ref.digest);
    expect(await hashFolder(join(to, `new-${index}`))).toEqual(manifest.files);
  }
  expect(ref.bytes).toBe(8);
});

it('names every damaged file and leaves none of them behind', async () => {
  const store = await localStore();
  const ref = await publishArtifact(store, {
    folder: await folderOf({ a: 'one', b: 'two', c: 'three' }),
    kind: 'files',
  });
  const [a, b] = await hashFolder(await folderOf({ a: 'one', b: 'two' }));
  await store.put(blobKey(a?.sha256 ?? ''), Buffer.from('onE'));
  await store.delete(blobKey(b?.sha256 ?? ''));
  const to = await temporaryFolder();
  const error: unknown = await materialise(store, ref, to).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(DamagedArtifactError);
  expect(String(error)).toMatch(/a \(sha256 differs\), b \(missing in the store\)/);
  expect((await hashFolder(to)).map(({ path }) => path)).toEqual(['c']);
});

it('refuses files that are not what their digests say, and shows no manifest', async () => {
  const store = await localStore();
  const folder = await folderOf({ a: 'one' });
  const files = await hashFolder(folder);
  await writeFile(join(folder, 'a'), 'onE');
  const publish = publishArtifact(store, { folder, files, kind: 'checkpoint' });
  await expect(publish).rejects.toThrow('a (sha256 differs)');
  expect(await store.list('')).toEqual([]);
});

it('refuses a manifest whose path leaves the folder', async () => {
  const store = await localStore();
  const [file] = await hashFolder(await folderOf({ a: 'one' }));
  const evil = {
    files: [{ path: '../a', sha256: file?.sha256, size: 3 }],
    kind: 'files',
    version: 1,
  };
  await store.put(
    manifestKey(digestOf(evil)),
    Buffer.from(JSON.stringify(evil, ['files', 'path', 'sha256', 'size', 'kind', 'version'])),
  );
  const bring = materialise(store, { digest: digestOf(evil) }, await temporaryFolder());
  await expect(bring).rejects.toThrow('../a (path leaves the folder)');
});
