import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StoreCredentials } from '../store/open-store.js';
import { freePorts } from './free-port.js';
import { guarded } from './guarded.js';

export interface SeaweedOptions {
  /** `weed` of SeaweedFS. */
  readonly binary: string;
  /** What it knows; null: everybody may do everything, signed or not. */
  readonly keys: StoreCredentials | null;
  readonly lifetimeSocket: string | null;
}

export interface SeaweedProcess {
  /** Of its S3 side; says nothing when it is ready. */
  readonly endpoint: string;
  readonly ended: () => boolean;
  /** With all that it stored. */
  stop(): Promise<void>;
}

/** An S3 server on loopback with a folder of its own. */
export async function startSeaweedProcess(options: SeaweedOptions): Promise<SeaweedProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'dream-sft-weed-'));
  const { endpoint, args } = await argumentsIn(folder, options.keys);
  const child = spawn(...guarded(options.lifetimeSocket, options.binary, args), {
    stdio: 'ignore',
    cwd: folder,
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const ended = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    endpoint,
    ended,
    stop: async () => {
      // A guard ends what it guards, and must be asked.
      if (!ended()) child.kill(options.lifetimeSocket === null ? 'SIGKILL' : 'SIGTERM');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function argumentsIn(folder: string, keys: StoreCredentials | null) {
  // SeaweedFS puts the gRPC port of each part 10 000 above its port unless told.
  const names = ['master', 'volume', 'filer', 's3'].flatMap((part) => [
    `${part}.port`,
    `${part}.port.grpc`,
  ]);
  const ports = await freePorts(names.length);
  const flags = names.map((name, index) => `-${name}=${ports[index]}`);
  if (keys) flags.push(`-s3.config=${await writeIdentity(folder, keys)}`);
  // A bucket of a wrong name is to be missed, not made.
  flags.push('-s3.autoCreateBucket=false');
  const common = ['-ip=127.0.0.1', '-ip.bind=127.0.0.1', `-dir=${folder}`, '-volume.max=20'];
  // Parts that nobody asked for; each has a fixed port, and the second server dies of it.
  const without = ['-s3.port.iceberg=0', '-s3.port.lance=0'];
  return {
    endpoint: `http://127.0.0.1:${ports[names.indexOf('s3.port')]}`,
    args: ['server', '-s3', ...without, ...common, ...flags],
  };
}

async function writeIdentity(
  folder: string,
  { accessKeyId: accessKey, secretAccessKey: secretKey }: StoreCredentials,
): Promise<string> {
  const credentials = [{ accessKey, secretKey }];
  const identities = [{ name: 'own', credentials, actions: ['Admin', 'Read', 'List', 'Write'] }];
  const path = join(folder, 's3.json');
  await writeFile(path, JSON.stringify({ identities }));
  return path;
}
