import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { exportSeconds } from '../../../src/activities/gpu/export-cost.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'export-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A clock that says that the whole took so many milliseconds. */
const taking = (ms: number): (() => number) => {
  const told = [0, ms];
  return () => told.shift() ?? ms;
};

test('the time of a part counts for all weight files, and nothing is left', async () => {
  await writeFile(join(folder, 'model-00001.safetensors'), Buffer.alloc(3000));
  await writeFile(join(folder, 'model-00002.safetensors'), Buffer.alloc(1000));
  await writeFile(join(folder, 'tokenizer.json'), Buffer.alloc(5000));
  const before = await readdir(folder);
  const scratch = join(folder, 'sample');
  const part = await exportSeconds(folder, scratch, { sampleBytes: 500, now: taking(250) });
  expect(part).toBeCloseTo(0.25 * (4000 / 500));
  const whole = await exportSeconds(folder, scratch, { now: taking(250) });
  expect(whole).toBeCloseTo(0.25 * (4000 / 3000));
  expect(await readdir(folder)).toEqual(before);
});

test('a base without weight files takes no time', async () => {
  expect(await exportSeconds(folder, join(folder, 'sample'))).toBe(0);
});

test('the folder of the sample is made: a smoke run leaves none', async () => {
  await writeFile(join(folder, 'model.safetensors'), Buffer.alloc(10));
  const scratch = join(folder, 'absent', 'sample');
  expect(await exportSeconds(folder, scratch, { now: taking(100) })).toBeCloseTo(0.1);
});

test('a place that cannot be written to is told', async () => {
  const file = join(folder, 'model.safetensors');
  await writeFile(file, Buffer.alloc(10));
  await expect(exportSeconds(folder, join(file, 'sample'))).rejects.toThrow(/ENOTDIR|EEXIST/);
});
