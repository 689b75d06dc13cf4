import { link, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, type ProcessIdentity, readIdentity } from '../processes/identity.js';
import { writeTemporary } from '../store/local-files.js';
import type { Host } from './provider.js';

/** `<home>/hosts/<id>/host.json`: all that is needed to find the process again after a restart. */
export interface LocalHostRecord {
  readonly id: string;
  readonly gpuClass: string;
  readonly key: string;
  readonly planId: string;
  readonly startedAt: string;
  /** Under a lifetime this is the guard, and `worker.json` beside it tells of the worker itself. */
  readonly process: ProcessIdentity;
  /** Of the server that it serves; left out by older versions. */
  readonly address?: string;
  /** Of the trainer's code that it runs; left out by older versions. */
  readonly codeDigest?: string;
}

export const workerRecord = (hosts: string, id: string): string => join(hosts, id, 'worker.json');

/** Hosts of a home, oldest first. What a power cut has left torn tells of no process that still lives. */
export async function readRecords(hosts: string): Promise<LocalHostRecord[]> {
  const names = await readdir(hosts).catch(() => [] as string[]);
  const texts = await Promise.all(
    names.map((name) => readFile(join(hosts, name, 'host.json'), 'utf8').catch(() => '')),
  );
  return texts.flatMap(parse).sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
}

function parse(text: string): LocalHostRecord[] {
  try {
    return [JSON.parse(text) as LocalHostRecord];
  } catch {
    return [];
  }
}

export async function writeRecord(hosts: string, record: LocalHostRecord): Promise<void> {
  const folder = join(hosts, record.id);
  await mkdir(folder, { recursive: true });
  const bytes = Buffer.from(`${JSON.stringify(record, null, 2)}\n`);
  const temporary = await writeTemporary(folder, bytes);
  await link(temporary, join(folder, 'host.json'));
  await rm(temporary);
}

/** Of a host's processes those that live: a guard may have been killed, and its worker live on. */
export async function livingOf(
  hosts: string,
  { id, process }: LocalHostRecord,
): Promise<ProcessIdentity[]> {
  const worker = await readIdentity(workerRecord(hosts, id));
  const all = worker === null ? [process] : [process, worker];
  const alive = await Promise.all(all.map(isAlive));
  return all.filter((_, index) => alive[index]);
}

export async function toHost(hosts: string, record: LocalHostRecord): Promise<Host> {
  const { id, gpuClass, planId, key, startedAt } = record;
  const alive = (await livingOf(hosts, record)).length > 0;
  return { id, gpuClass, planId, key, alive, startedAt, tenure: null };
}
