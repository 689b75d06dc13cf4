import type { StageProgress } from '../contracts/progress.js';
import { signalGroup } from '../processes/identity.js';
import { readHostRecords } from '../store/host-records.js';
import type { ObjectStore } from '../store/object-store.js';

/** A training that could be resumed, and who does it. */
export interface Training {
  readonly host: string;
  readonly workerPid: number;
  /** Leads the group of the trainer's processes. */
  readonly trainerPid: number;
  /** Fencing token of the attempt. */
  readonly token: number;
  readonly step: number;
  readonly total: number;
  readonly publishedStep: number;
}

/** Null while it does not train, or has not published yet. `store` is where hosts tell of themselves. */
export async function trainingIn(
  store: ObjectStore,
  stage: string | undefined,
  progress: StageProgress | null,
): Promise<Training | null> {
  if (stage !== 'full-train' || progress?.unit !== 'steps') return null;
  const { host, trainerPid, token, done, total, publishedStep } = progress;
  if (trainerPid === null || token === null || total === null || publishedStep === null)
    return null;
  const workerPid = (await readHostRecords(store)).find(({ id }) => id === host)?.pid;
  if (workerPid === undefined) return null;
  return { host, workerPid, trainerPid, token, step: done, total, publishedStep };
}

/** To the worker and all processes of its trainer; whoever is gone is no error. */
export function signalHost(
  { workerPid, trainerPid }: Pick<Training, 'workerPid' | 'trainerPid'>,
  signal: NodeJS.Signals,
): void {
  signalProcess(workerPid, signal);
  signalGroup(trainerPid, signal);
}

export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
