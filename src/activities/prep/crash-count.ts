import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import { replaceFile } from '../../store/local-files.js';
import type { StageFolders } from '../trainer/folders.js';

/**
 * One more attempt that the trainer itself ended; returns how many there were on this host. Lost
 * workers and a store that was away are not among them. A stage that is scheduled anew begins anew.
 */
export async function countCrash(folders: StageFolders): Promise<number> {
  const { activityId, workflowExecution } = Context.current().info;
  const of = `${workflowExecution?.runId ?? ''}/${activityId}`;
  const path = join(folders.work, 'prep-crashes.json');
  const before = parse(await readFile(path, 'utf8').catch(() => ''));
  const crashes = (before?.of === of ? before.crashes : 0) + 1;
  await replaceFile(path, Buffer.from(`${JSON.stringify({ of, crashes })}\n`));
  return crashes;
}

interface Count {
  readonly of: string;
  readonly crashes: number;
}

function parse(text: string): Count | null {
  try {
    const told = JSON.parse(text) as Partial<Count>;
    if (typeof told.of !== 'string' || !Number.isInteger(told.crashes)) return null;
    return { of: told.of, crashes: told.crashes ?? 0 };
  } catch {
    return null;
  }
}
