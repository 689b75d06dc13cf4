import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InvalidKeyError, MissingObjectError } from '../../src/store/errors.js';
import type { ObjectStore } from '../../src/store/object-store.js';
import { temporaryFolder } from './support/temporary-folder.js';

const bytes = (text: string): Buffer => Buffer.from(text);
const textAt = async (store: ObjectStore, key: string): Promise<string | undefined> => {
  const found = await store.get(key);
  return found && Buffer.from(found).toString('utf8');
};

/** What every back-end promises. `fresh` gives an empty store. */
export function objectStoreContract(name: string, fresh: () => Promise<ObjectStore>): void {
  describe(`${name}: bytes`, () => bytesContract(fresh));
  describe(`${name}: put-if-absent`, () => putIfAbsentContract(fresh));
  describe(`${name}: files`, () => filesContract(fresh));
  describe(`${name}: keys`, () => keysContract(fresh));
}

function bytesContract(fresh: () => Promise<ObjectStore>): void {
  it('gives back what was put, and nothing for a key that is not there', async () => {
    const store = await fresh();
    const odd = Uint8Array.from({ length: 70_000 }, (_, index) => index % 251);
    await store.put('a/b.bin', odd);
    expect(Buffer.compare((await store.get('a/b.bin')) ?? bytes(''), odd)).toBe(0);
    expect(await store.get('a/c.bin')).toBeUndefined();
    expect(await store.get('a/b.bin/deeper')).toBeUndefined();
  });

  it('keeps an empty object apart from none', async () => {
    const store = await fresh();
    await store.put('empty', bytes(''));
    expect(await textAt(store, 'empty')).toBe('');
    expect(await store.has('empty')).toBe(true);
  });

  it('overwrites with put', async () => {
    const store = await fresh();
    await store.put('hosts/h.json', bytes('one'));
    await store.put('hosts/h.json', bytes('two'));
    expect(await textAt(store, 'hosts/h.json')).toBe('two');
  });

  it('deletes, and deletes again without complaint', async () => {
    const store = await fresh();
    await store.put('a/x', bytes('x'));
    await store.delete('a/x');
    await store.delete('a/x');
    expect(await store.has('a/x')).toBe(false);
    expect(await store.get('a/x')).toBeUndefined();
  });
}

function putIfAbsentContract(fresh: () => Promise<ObjectStore>): void {
  it('refuses a taken key and leaves its bytes', async () => {
    const store = await fresh();
    expect(await store.putIfAbsent('j/1', bytes('first'))).toBe(true);
    expect(await store.putIfAbsent('j/1', bytes('second'))).toBe(false);
    expect(await textAt(store, 'j/1')).toBe('first');
  });

  it('refuses a key that put has taken, and takes one that was deleted', async () => {
    const store = await fresh();
    await store.put('j/1', bytes('put'));
    expect(await store.putIfAbsent('j/1', bytes('late'))).toBe(false);
    await store.delete('j/1');
    expect(await store.putIfAbsent('j/1', bytes('anew'))).toBe(true);
  });

  it('has one winner of 20 at once, and its bytes stand', async () => {
    const store = await fresh();
    const wins = await Promise.all(
      Array.from({ length: 20 }, (_, index) => store.putIfAbsent('j/1', bytes(`w${index}`))),
    );
    expect(wins.filter(Boolean)).toHaveLength(1);
    expect(await textAt(store, 'j/1')).toBe(`w${wins.indexOf(true)}`);
  });
}

function filesContract(fresh: () => Promise<ObjectStore>): void {
  it.each(['notes.txt', 'model.safetensors'])('puts and gets %s', async (name) => {
    const store = await fresh();
    const folder = await temporaryFolder();
    await writeFile(join(folder, name), 'weights');
    await store.putFile('blobs/1', join(folder, name));
    await store.getFile('blobs/1', join(folder, 'new', name));
    expect(await readFile(join(folder, 'new', name), 'utf8')).toBe('weights');
    expect(await readdir(join(folder, 'new'))).toEqual([name]);
  });

  it('keeps its bytes when a log goes on growing at the source', async () => {
    const store = await fresh();
    const log = join(await temporaryFolder(), 'metrics.jsonl');
    await writeFile(log, 'one\n');
    await store.putFile('blobs/1', log);
    await writeFile(log, 'two\n', { flag: 'a' });
    expect(await textAt(store, 'blobs/1')).toBe('one\n');
  });

  it('replaces a file and an object that are there', async () => {
    const store = await fresh();
    const folder = await temporaryFolder();
    const path = join(folder, 'a.txt');
    await store.put('blobs/1', bytes('old'));
    await writeFile(path, 'new');
    await store.putFile('blobs/1', path);
    await writeFile(path, 'something else');
    await store.getFile('blobs/1', path);
    expect(await readFile(path, 'utf8')).toBe('new');
  });

  it('names a missing object and leaves no file', async () => {
    const store = await fresh();
    const folder = await temporaryFolder();
    const path = join(folder, 'a.txt');
    await expect(store.getFile('blobs/none', path)).rejects.toThrow(MissingObjectError);
    await expect(store.getFile('blobs/none', path)).rejects.toThrow('blobs/none');
    expect(await readdir(folder)).toEqual([]);
  });

  it('fails on a source that is not there and shows no object', async () => {
    const store = await fresh();
    const folder = await temporaryFolder();
    await mkdir(folder, { recursive: true });
    await expect(store.putFile('blobs/1', join(folder, 'gone'))).rejects.toThrow('ENOENT');
    expect(await store.has('blobs/1')).toBe(false);
  });
}

function keysContract(fresh: () => Promise<ObjectStore>): void {
  it('lists by prefix, sorted, also when the prefix ends inside a name', async () => {
    const store = await fresh();
    for (const key of ['j/b/2', 'j/a/10', 'j/a/1', 'jx', 'k/1']) await store.put(key, bytes(key));
    expect(await store.list('j/')).toEqual(['j/a/1', 'j/a/10', 'j/b/2']);
    expect(await store.list('j/a/1')).toEqual(['j/a/1', 'j/a/10']);
    expect(await store.list('j')).toEqual(['j/a/1', 'j/a/10', 'j/b/2', 'jx']);
    expect(await store.list('none/')).toEqual([]);
    expect(await store.list('')).toHaveLength(5);
  });

  it.each(['', '/a', 'a/', 'a//b', '../a', 'a/../b', 'a/./b', '.tmp/x', 'a b', 'a\\b', 'a\0'])(
    'refuses the key %j',
    async (key) => {
      const store = await fresh();
      await expect(store.put(key, bytes('x'))).rejects.toThrow(InvalidKeyError);
      await expect(store.putIfAbsent(key, bytes('x'))).rejects.toThrow(InvalidKeyError);
      await expect(store.get(key)).rejects.toThrow(InvalidKeyError);
      await expect(store.delete(key)).rejects.toThrow(InvalidKeyError);
    },
  );
}
