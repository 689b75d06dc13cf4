import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Enough that a disk's own cache does not hold it all; a whole model would cost minutes. */
const SAMPLE_BYTES = 1 << 30;
const PIECE_BYTES = 16 << 20;

/**
 * Seconds that writing a model of the base's size will take: a part of the base is read, written to
 * `scratch`, flushed and hashed from there, as export does with all of it.
 */
export async function exportSeconds(
  base: string,
  scratch: string,
  { sampleBytes = SAMPLE_BYTES, now = (): number => performance.now() } = {},
): Promise<number> {
  const names = (await readdir(base)).filter((name) => name.endsWith('.safetensors'));
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(base, name))).size));
  const largest = sizes.indexOf(Math.max(...sizes));
  const name = names[largest];
  if (name === undefined) return 0;
  const taken = Math.min(sampleBytes, sizes[largest]!);
  const begun = now();
  try {
    await copyStart(join(base, name), scratch, taken);
    await hash(scratch);
  } finally {
    await rm(scratch, { force: true });
  }
  const seconds = (now() - begun) / 1000;
  const total = sizes.reduce((sum, size) => sum + size, 0);
  return taken > 0 ? (seconds * total) / taken : 0;
}

async function copyStart(from: string, to: string, bytes: number): Promise<void> {
  // A smoke run that leaves no model makes no folder of its own.
  await mkdir(dirname(to), { recursive: true });
  const target = await open(to, 'w');
  try {
    const pieces = createReadStream(from, { end: bytes - 1, highWaterMark: PIECE_BYTES });
    for await (const piece of pieces) await target.writeFile(piece as Buffer);
    await target.sync();
  } finally {
    await target.close();
  }
}

async function hash(path: string): Promise<void> {
  const digest = createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: PIECE_BYTES })) {
    digest.update(piece as Buffer);
  }
  digest.digest();
}
