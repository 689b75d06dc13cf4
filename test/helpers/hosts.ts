import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { childEnvironment } from '../../src/config/config.js';
import { signalGroup } from '../../src/processes/identity.js';
import { startWorkerProcess } from '../../src/processes/worker-process.js';
import { readHostRecords } from '../../src/store/host-records.js';
import { eventually } from './deadline.js';
import type { System } from './system.js';

const STOPPING_WORKER = fileURLToPath(new URL('stopping-worker.mjs', import.meta.url));

/** A GPU worker as a person would start it; it ends with the system. */
export async function startHost(system: System, id: string, gpuClass = 'local'): Promise<void> {
  await startWorkerProcess(
    system.config,
    ['gpu', '--gpu-class', gpuClass, '--host', id],
    `gpu-${id}`,
  );
  await hostPid(system, id);
}

export function hostPid(system: System, id: string): Promise<number> {
  return eventually(`host ${id} has its record`, async () => {
    const record = (await readHostRecords(system.store)).find((each) => each.id === id);
    return record?.pid;
  });
}

export interface StoppingHost {
  readonly pid: number;
  /** Exists once the worker is about to stop itself. */
  readonly marker: string;
  end(): void;
}

/** A host that becomes a zombie exactly between validation and journal write. */
export async function startStoppingHost(system: System, id: string): Promise<StoppingHost> {
  const marker = join(system.home, `${id}.stopped`);
  const { address } = system.config.connection;
  const child = execa(process.execPath, [STOPPING_WORKER, id, marker], {
    env: { ...childEnvironment(system.config), TEMPORAL_ADDRESS: address },
    detached: true,
    reject: false,
    stdio: 'ignore',
  });
  const pid = await hostPid(system, id);
  return {
    pid,
    marker,
    end: () => {
      signalGroup(pid, 'SIGKILL');
      void child;
    },
  };
}
