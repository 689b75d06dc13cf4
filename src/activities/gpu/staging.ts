import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FileEntry } from '../../contracts/base.js';
import type { CheckpointReadyEvent } from '../../contracts/events.js';

/** A finished checkpoint on this host's disk that is not (known to be) published yet. */
export interface StagedCheckpoint {
  readonly step: number;
  readonly folder: string;
  readonly files: readonly FileEntry[];
}

const ReadyRecord = z.strictObject({ step: z.int(), files: z.array(FileEntry).min(1) });

/**
 * Layout: `<host>/work/<stageKey>/<token>/staging/step-<n>/` and, beside the folder so that it is no
 * part of the checkpoint, `step-<n>.ready.json` with what the trainer's event said.
 */
export async function recordReady(event: CheckpointReadyEvent): Promise<StagedCheckpoint> {
  const { step, folder, files } = event;
  const temporary = `${readyPath(folder)}.tmp`;
  await writeFile(temporary, JSON.stringify({ step, files }), { flush: true });
  await rename(temporary, readyPath(folder));
  return { step, folder, files };
}

const readyPath = (folder: string): string => `${folder}.ready.json`;

export async function discard({ folder }: Pick<StagedCheckpoint, 'folder'>): Promise<void> {
  await rm(readyPath(folder), { force: true });
  await rm(folder, { recursive: true, force: true });
}

/** Staged checkpoints of every attempt whose work lies here, newest first. */
export async function stagedIn(stageFolder: string): Promise<StagedCheckpoint[]> {
  const staged: StagedCheckpoint[] = [];
  for (const token of await names(stageFolder)) {
    const staging = join(stageFolder, token, 'staging');
    for (const name of await names(staging)) {
      if (!name.endsWith('.ready.json')) continue;
      const record = await readReady(join(staging, name));
      const folder = join(staging, name.slice(0, -'.ready.json'.length));
      if (record) staged.push({ ...record, folder });
    }
  }
  return staged.sort((a, b) => b.step - a.step);
}

/** null: unreadable or gone meanwhile; such a checkpoint is not known to be complete. */
async function readReady(path: string): Promise<z.infer<typeof ReadyRecord> | null> {
  try {
    return ReadyRecord.safeParse(JSON.parse(await readFile(path, 'utf8'))).data ?? null;
  } catch {
    return null;
  }
}

async function names(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
