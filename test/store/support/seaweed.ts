import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, type S3Client } from '@aws-sdk/client-s3';

const BINARY = join(import.meta.dirname, '../../../.venv/bin/weed');
export const hasSeaweed = existsSync(BINARY);

const ATTEMPTS = 60;
const BETWEEN_MS = 500;

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
  stop(): Promise<void>;
}

export async function startSeaweed(): Promise<Seaweed> {
  const folder = await mkdtemp(join(tmpdir(), 'dream-sft-weed-'));
  const names = ['master', 'volume', 'filer', 's3'].flatMap((part) => [
    `${part}.port`,
    `${part}.port.grpc`,
  ]);
  const ports = await freePorts(names.length);
  const flags = names.map((name, index) => `-${name}=${ports[index]}`);
  const common = ['-ip=127.0.0.1', '-ip.bind=127.0.0.1', `-dir=${folder}`, '-volume.max=20'];
  const child = spawn(BINARY, ['server', '-s3', '-s3.port.iceberg=0', ...common, ...flags], {
    stdio: 'ignore',
    cwd: folder,
  });
  const endpoint = `http://127.0.0.1:${ports[names.indexOf('s3.port')]}`;
  return { endpoint, stop: () => stop(child, folder) };
}

async function stop(child: ChildProcess, folder: string): Promise<void> {
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await ended;
  }
  await rm(folder, { recursive: true, force: true });
}

/** Polls until the server takes the bucket: it says nothing when it is ready. */
export async function createBucket(client: S3Client, bucket: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      return;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
    }
  }
}
