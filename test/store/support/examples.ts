import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { PostMortem } from '../../../src/contracts/journal.js';
import type { NewAttempt } from '../../../src/store/chain.js';
import { LocalStore } from '../../../src/store/local-store.js';
import { temporaryFolder } from './temporary-folder.js';

export const digest = (letter: string): string => letter.repeat(64);

export const attemptOn = (host: string, attempt = 1): NewAttempt => ({
  planId: 'tiny',
  stage: 'full-train',
  host,
  boot: `${host}-boot`,
  attempt,
});

export const checkpoint = (step: number, host = 'h1') => ({
  manifest: { digest: step.toString(16).padStart(64, '0'), bytes: 10 },
  step,
  host,
});

export const postMortemOf = (lostToken: number, kind: PostMortem['kind']): PostMortem => ({
  stage: 'full-train',
  kind,
  lostToken,
  host: 'h1',
  noticeSeen: false,
  lastSeenAt: '2026-11-24T10:00:00.000Z',
  detectedAfterSeconds: 5,
  resumedAfterSeconds: null,
  newestStepKnown: 20,
  resumedFromStep: 10,
  stepsLost: 10,
  moneyLostFen: 3,
});

export async function localStore(): Promise<LocalStore> {
  return LocalStore.open(join(await temporaryFolder(), 'store'));
}

/** A folder with these files. */
export async function folderOf(files: Record<string, string>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}
