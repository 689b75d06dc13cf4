import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { execa, type ResultPromise } from 'execa';
import { onTestFinished } from 'vitest';
import {
  type ProcessIdentity,
  readIdentity,
  signalGroup,
} from '../../../src/processes/identity.js';
import { readRecords } from '../../../src/hosts/local-records.js';
import { openStore } from '../../../src/store/open-store.js';
import type { ObjectStore } from '../../../src/store/object-store.js';
import { eventually } from '../../helpers/deadline.js';
import { processTree } from './process-tree.js';

const BIN = fileURLToPath(new URL('../../../bin/dream-sft.mjs', import.meta.url));

/** Of a busy machine. */
const STARTS_WITHIN_MS = 300_000;

/** `dream-sft up` as a person calls it, in a process of its own that can be killed with all it started. */
export class Up {
  private constructor(
    private readonly child: ResultPromise<{ reject: false }>,
    readonly home: string,
    private readonly connection: Connection,
    readonly client: Client,
    readonly store: ObjectStore,
  ) {}

  static async start(home: string, port: number): Promise<Up> {
    const child = execa(process.execPath, [BIN, 'up', '--port', String(port)], {
      reject: false,
      detached: true,
      env: { DREAM_SFT_HOME: home },
    });
    let said = '';
    child.stdout.on('data', (data) => (said += String(data)));
    const runs = async (): Promise<boolean> => {
      if (child.exitCode !== null) throw new Error(`up ended: ${(await child).stderr}`);
      return said.includes('Running');
    };
    await eventually('up says that it runs', runs, STARTS_WITHIN_MS);
    const connection = await Connection.connect({ address: `127.0.0.1:${port}` });
    const store = await openStore({ kind: 'local' }, home);
    const up = new Up(child, home, connection, new Client({ connection }), store);
    onTestFinished(() => up.#leaveNothing());
    return up;
  }

  get lives(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** What it started under guards, by name. */
  async part(name: 'server' | 'control' | 'prep'): Promise<ProcessIdentity> {
    const path = join(this.home, 'run', `${name}.json`);
    return eventually(`${name} is recorded`, () => readIdentity(path), STARTS_WITHIN_MS);
  }

  /** The process that has taken the place of one that was killed. */
  next(name: 'server' | 'control', killed: ProcessIdentity): Promise<ProcessIdentity> {
    const look = async (): Promise<ProcessIdentity | null> => {
      const now = await this.part(name);
      return now.pid === killed.pid ? null : now;
    };
    return eventually(`${name} is started again`, look, STARTS_WITHIN_MS);
  }

  /** It and all below it, guards included, but those that `spared` names with all below them. */
  async kill(spared: (command: string) => boolean = () => false): Promise<void> {
    const tree = await processTree(this.child.pid!);
    const kept = new Set<number>();
    for (const { pid, parent, command } of tree) {
      if (kept.has(parent) || spared(command)) kept.add(pid);
    }
    for (const { pid } of tree) if (!kept.has(pid)) killed(pid);
    await this.child;
    await this.connection.close();
  }

  /** Ctrl-C. */
  async end(): Promise<number | undefined> {
    this.child.kill('SIGINT');
    const { exitCode } = await this.child;
    await this.connection.close();
    return exitCode;
  }

  async #leaveNothing(): Promise<void> {
    if (this.lives) await this.kill();
    const hosts = join(this.home, 'hosts');
    for (const { id, process } of await readRecords(hosts)) {
      const worker = await readIdentity(join(hosts, id, 'worker.json'));
      for (const identity of [process, worker]) if (identity) signalGroup(identity.pid, 'SIGKILL');
    }
  }
}

function killed(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already, with its parent.
  }
}
