import type { StageProgress } from '../../contracts/progress.js';
import type { Config } from '../../config/config.js';
import { signalHost, type Training, trainingIn } from '../../drill/training.js';
import { openStore } from '../../store/open-store.js';

/**
 * Half-way through full-train, with a checkpoint published, the GPU worker and its trainer die by
 * SIGKILL: no notice, no clean-up, as when a spot host vanishes.
 */
export class HalfWayKill {
  killed: Training | null = null;

  constructor(private readonly config: Config) {}

  async look(stage: string | undefined, progress: StageProgress | null): Promise<Training | null> {
    if (this.killed || !progress?.total || progress.done < progress.total / 2) return null;
    const store = await openStore({ kind: 'local' }, this.config.home);
    const training = await trainingIn(store, stage, progress);
    if (training) signalHost(training, 'SIGKILL');
    this.killed = training;
    return training;
  }
}
