import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FileEntry } from '../../contracts/base.js';
import type { CheckpointReadyEvent } from '../../contracts/events.js';
import { replaceFile } from '../../store/local-files.js';
import { marksOf } from '../../store/marked.js';

/** What stands beside a staged checkpoint once the trainer has called it ready. */
const StagedRecord = z.strictObject({
  step: z.int(),
  folder: z.string(),
  files: z.array(FileEntry).min(1),
  marks: z
    .strictObject({
      best: z.boolean().optional(),
      endsEpoch: z.boolean().optional(),
      nll: z.number().optional(),
    })
    .default({})
    .transform(marksOf),
});
export type Staged = z.infer<typeof StagedRecord>;

const recordOf = (folder: string): string => `${folder}.ready.json`;

export async function recordStaged(event: CheckpointReadyEvent): Promise<Staged> {
  const { step, folder, files } = event;
  const staged = StagedRecord.parse({ step, folder, files, marks: marksOf(event) });
  await replaceFile(recordOf(folder), Buffer.from(JSON.stringify(staged)));
  return staged;
}

/** Seconds that publishing took; from one checkpoint to the next, or null: as the spec has it. */
export interface ToldTrainer {
  readonly seconds: number;
  readonly everySeconds: number | null;
}

/** As the trainer reads it, in the folder of its checkpoints, before it takes the next one. */
export async function tellTrainer(folder: string, told: ToldTrainer): Promise<void> {
  const { seconds, everySeconds } = told;
  const text = JSON.stringify({
    seconds: Math.max(0, seconds),
    ...(everySeconds === null ? {} : { everySeconds }),
  });
  await replaceFile(join(folder, 'publishing.json'), Buffer.from(text));
}

export async function dropStaged(staged: Staged): Promise<void> {
  await rm(recordOf(staged.folder), { force: true });
  await rm(staged.folder, { recursive: true, force: true });
}

/** Complete staged checkpoints that earlier attempts left below `work` on this host, oldest first. */
export async function findStaged(work: string): Promise<Staged[]> {
  const names = await readdir(work, { recursive: true }).catch(() => [] as string[]);
  const found: Staged[] = [];
  for (const name of names.filter((each) => each.endsWith('.ready.json'))) {
    const text = await readFile(join(work, name), 'utf8').catch(() => '');
    const parsed = StagedRecord.safeParse(parseJson(text));
    if (parsed.success) found.push(parsed.data);
  }
  return found.sort((a, b) => a.step - b.step);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
