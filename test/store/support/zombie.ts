import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { StoreConfig } from '../../../src/contracts/store.js';
import type { StoreCredentials } from '../../../src/store/open-store.js';
import { until } from '../../support/until.js';

const HOST = fileURLToPath(new URL('../../helpers/zombie-host.mjs', import.meta.url));

/** Where the zombie falls asleep. */
export const STOPS = [
  'before-upload',
  'before-validation',
  'before-journal-write',
  'before-end',
] as const;

export interface Order {
  readonly stageKey: string;
  /** Checkpoints that it publishes awake. */
  readonly publishes: number;
  readonly stopAt: (typeof STOPS)[number];
}

export interface Outcome {
  readonly token: number;
  readonly manifest: string | null;
  readonly how: string;
}

/** Another process that writes into the same store, and sleeps (SIGSTOP) where it is told to. */
export class Zombie {
  private constructor(
    private readonly child: ReturnType<typeof spawn>,
    private readonly lines: AsyncIterator<string>,
  ) {}

  static async start(
    store: StoreConfig,
    home: string,
    { accessKeyId, secretAccessKey }: StoreCredentials,
  ): Promise<Zombie> {
    const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
    const child = spawn(process.execPath, [HOST, JSON.stringify(store), home], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...keys },
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const zombie = new Zombie(child, lines);
    await zombie.#next('ready');
    return zombie;
  }

  /** Until it sleeps: the kernel says so, not only the process itself. */
  async fallAsleep(order: Order): Promise<void> {
    this.child.stdin?.write(`${JSON.stringify(order)}\n`);
    await this.#next('stopping');
    await until('the zombie sleeps', () => this.#state() === 'T');
  }

  async wake(): Promise<Outcome> {
    this.child.kill('SIGCONT');
    return (await this.#next('done')) as Outcome;
  }

  end(): void {
    this.child.kill('SIGKILL');
  }

  async #next(what: string): Promise<unknown> {
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`the zombie ended instead of being ${what}`);
    const told = (JSON.parse(value) as Record<string, unknown>)[what];
    if (told === undefined) throw new Error(`the zombie said ${value} instead of ${what}`);
    return told;
  }

  #state(): string | undefined {
    const text = readFileSync(`/proc/${this.child.pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2)[0];
  }
}
