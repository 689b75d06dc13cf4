import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { replaceFile } from '../store/local-files.js';

const PERIOD_MS = 5000;
/** A pulse that is older says that the process, or its way to the server, has stopped. */
const FRESH_MS = 30_000;

export const pulsePath = (home: string): string => join(home, 'run', 'control.pulse');

/** Writes down when the worker was last seen at work, until the signal; `look` throws when it is not. */
export async function keepPulse(
  path: string,
  look: () => Promise<unknown>,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  while (!signal.aborted) {
    try {
      await look();
      await replaceFile(path, Buffer.from(new Date().toISOString()));
    } catch {
      // It grows old; whoever asks for it sees that.
    }
    await sleep(PERIOD_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** For a health check: null, or in one line why the control worker of this home is not at work. */
export async function faintness(path: string, now: Date): Promise<string | null> {
  const seen = await readFile(path, 'utf8').catch(() => '');
  if (seen === '') return 'No control worker has been at work here yet.';
  const age = now.getTime() - Date.parse(seen);
  if (age < FRESH_MS) return null;
  if (Number.isNaN(age)) return 'What the control worker wrote down last cannot be read.';
  return `The control worker was last at work ${Math.round(age / 1000)} s ago; see its log.`;
}
