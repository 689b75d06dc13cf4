import { join } from 'node:path';
import type { StageInput } from '../../contracts/activities.js';
import { HostCache } from '../../store/host-cache.js';
import type { StageDeps } from '../deps.js';

/** Where a stage's files lie on its host. */
export interface StageFolders {
  /** What people read: logs, metrics, TensorBoard events. */
  readonly runDir: string;
  /** Shared by all attempts of the stage on this host, so that staged checkpoints can be salvaged. */
  readonly work: string;
  readonly inputs: string;
  /** Shared by all processes of the host. */
  readonly cache: HostCache;
}

const ofHost = ({ home, host }: StageDeps): string => join(home, 'hosts', host.id);

/** What all work of a host shares. */
export const hostFolders = (deps: StageDeps): Pick<StageFolders, 'inputs' | 'cache'> => ({
  inputs: join(ofHost(deps), 'inputs'),
  cache: new HostCache(join(ofHost(deps), 'cache'), deps.cacheBytes),
});

export function stageFolders(deps: StageDeps, input: StageInput): StageFolders {
  return {
    ...hostFolders(deps),
    // Nothing is written into the report's own folder but the report.
    runDir:
      input.stage === 'report'
        ? join(deps.home, 'runs', input.planId, input.part ?? '')
        : join(deps.home, 'runs', input.planId, input.stage, input.part ?? ''),
    work: join(ofHost(deps), 'work', input.stageKey.slice(0, 16)),
  };
}

/** Of one attempt; a zombie of an older token never writes here. */
export const attemptFolder = (folders: StageFolders, token: number): string =>
  join(folders.work, String(token));
