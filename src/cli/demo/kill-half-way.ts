import { signalGroup } from '../../processes/identity.js';
import type { StageProgress } from '../../contracts/progress.js';
import type { Config } from '../../config/config.js';
import { readHostRecords } from '../../store/host-records.js';
import { openStore } from '../../store/open-store.js';

export interface Killed {
  readonly host: string;
  readonly workerPid: number;
  readonly trainerPid: number;
  readonly step: number;
  readonly publishedStep: number | null;
}

/**
 * Half-way through full-train, with a checkpoint published, the GPU worker and its trainer die by
 * SIGKILL: no notice, no clean-up, as when a spot host vanishes.
 */
export class HalfWayKill {
  killed: Killed | null = null;

  constructor(private readonly config: Config) {}

  async look(stage: string | undefined, progress: StageProgress | null): Promise<Killed | null> {
    if (this.killed || stage !== 'full-train' || !progress?.total) return null;
    if (progress.unit !== 'steps' || progress.trainerPid === null) return null;
    if (progress.done < progress.total / 2 || progress.publishedStep === null) return null;
    const store = await openStore({ kind: 'local' }, this.config.home);
    const record = (await readHostRecords(store)).find((host) => host.id === progress.host);
    if (!record) return null;
    process.kill(record.pid, 'SIGKILL');
    signalGroup(progress.trainerPid, 'SIGKILL');
    this.killed = {
      host: progress.host,
      workerPid: record.pid,
      trainerPid: progress.trainerPid,
      step: progress.done,
      publishedStep: progress.publishedStep,
    };
    return this.killed;
  }
}
