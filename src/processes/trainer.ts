import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { type ResultEvent, TrainerEvent } from '../contracts/events.js';
import type { RunSpec } from '../contracts/run-spec.js';
import { signalGroup } from './identity.js';

export type ErrorEvent = Extract<TrainerEvent, { type: 'error' }>;

export interface TrainerOptions {
  readonly python: string;
  readonly trainerFolder: string;
  readonly command: RunSpec['command'];
  readonly specPath: string;
  /** Receives what the trainer writes for people. */
  readonly logFile: string;
  readonly onEvent: (event: TrainerEvent) => void;
  readonly onLogLine: (line: string) => void;
}

export interface TrainerExit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly result: ResultEvent | null;
  readonly lastError: ErrorEvent | null;
  readonly logTail: readonly string[];
}

export interface TrainerProcess {
  readonly pid: number;
  readonly exited: Promise<TrainerExit>;
  /** Asks for a checkpoint and an end with exit 75. */
  stop(): void;
  kill(): void;
}

export type StartTrainer = (options: TrainerOptions) => TrainerProcess;

const TAIL_LINES = 20;

/**
 * The trainer in a process group of its own, so that a terminal's Ctrl-C does not reach it and a kill
 * reaches its children. Its stdin stays open: the trainer ends when that closes (its parent is gone).
 */
export const startTrainer: StartTrainer = (options) => {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = createWriteStream(options.logFile, { flags: 'a' });
  const child = execa(
    options.python,
    ['-m', 'dream_sft', options.command, '--spec', options.specPath],
    {
      env: { PYTHONPATH: options.trainerFolder, PYTHONUNBUFFERED: '1' },
      detached: true,
      cleanup: false,
      reject: false,
      buffer: false,
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'pipe',
    },
  );
  let result: ResultEvent | null = null;
  let lastError: ErrorEvent | null = null;
  const tail: string[] = [];
  const keep = (line: string): void => {
    tail.push(line);
    if (tail.length > TAIL_LINES) tail.shift();
    log.write(`${line}\n`);
    options.onLogLine(line);
  };
  const outputs = [
    readLines(child.stdout, (line) => {
      const event = parseEvent(line);
      if (event === null) return keep(`not an event: ${line.slice(0, 200)}`);
      if (event.type === 'result') result = event;
      if (event.type === 'error') lastError = event;
      options.onEvent(event);
    }),
    readLines(child.stderr, keep),
  ];
  // A trainer that is gone cannot read; its exit tells all there is to know.
  child.stdin.on('error', () => undefined);
  const exited = child.then(async (ended): Promise<TrainerExit> => {
    await Promise.all(outputs);
    await new Promise<void>((resolve) => log.end(resolve));
    if (ended.exitCode === undefined && ended.signal === undefined) {
      tail.push(ended.shortMessage ?? `cannot run ${options.python}`);
    }
    return {
      code: ended.exitCode ?? null,
      signal: ended.signal ?? null,
      result,
      lastError,
      logTail: tail,
    };
  });
  const pid = child.pid ?? 0;
  return {
    pid,
    exited,
    stop: () => void (pid && child.kill('SIGTERM')),
    kill: () => pid && signalGroup(pid, 'SIGKILL'),
  };
};

async function readLines(
  stream: NodeJS.ReadableStream,
  take: (line: string) => void,
): Promise<void> {
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) take(line);
}

function parseEvent(line: string): TrainerEvent | null {
  try {
    const parsed = TrainerEvent.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
