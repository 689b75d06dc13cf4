import { createInterface } from 'node:readline';
import { execa } from 'execa';
import type { ResultEvent, TrainerEvent } from '../contracts/events.js';
import type { RunSpec } from '../contracts/run-spec.js';
import { signalGroup } from './identity.js';
import { Pings } from './pings.js';
import { TrainerOutput } from './trainer-output.js';

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
  /** Whether it says within the time that it runs; one that has ended is not frozen. */
  answers(withinMs: number): Promise<boolean>;
  /** Asks for a checkpoint and an end with exit 75. */
  stop(): void;
  kill(): void;
}

export type StartTrainer = (options: TrainerOptions) => TrainerProcess;

/**
 * The trainer in a process group of its own, so that a terminal's Ctrl-C does not reach it and a kill
 * reaches its children. Its stdin stays open: the trainer ends when that closes (its parent is gone).
 */
export const startTrainer: StartTrainer = (options) => {
  const pings = new Pings();
  const onEvent = (event: TrainerEvent): void => {
    if (!pings.take(event)) options.onEvent(event);
  };
  const output = new TrainerOutput({ ...options, onEvent });
  const child = spawnTrainer(options);
  const pid = child.pid ?? 0;
  let gone = pid === 0;
  const killGroup = (): void => {
    if (!gone) signalGroup(pid, 'SIGKILL');
  };
  const outputs = [
    readLines(child.stdout, (line) => output.event(line)),
    readLines(child.stderr, (line) => output.log(line)),
  ];
  // A trainer that is gone cannot read; its exit tells all there is to know.
  child.stdin.on('error', () => undefined);
  // What it left behind in its group would hold its memory, and our ends of its pipes.
  child.once('exit', () => {
    killGroup();
    // The number may belong to another group from now on.
    gone = true;
  });
  const exited = child.then(async (ended): Promise<TrainerExit> => {
    await Promise.all(outputs);
    if (ended.exitCode === undefined && ended.signal === undefined) {
      output.log(`cannot run ${options.python}: ${ended.code ?? ended.shortMessage}`);
    }
    return { code: ended.exitCode ?? null, signal: ended.signal ?? null, ...(await output.end()) };
  });
  const answers = (withinMs: number): Promise<boolean> =>
    pings.ask((line) => void child.stdin.write(line), exited, withinMs);
  return {
    pid,
    exited,
    answers,
    stop: () => void (gone || child.kill('SIGTERM')),
    kill: killGroup,
  };
};

function spawnTrainer(options: TrainerOptions) {
  return execa(options.python, ['-m', 'dream_sft', options.command, '--spec', options.specPath], {
    env: {
      PYTHONPATH: options.trainerFolder,
      PYTHONUNBUFFERED: '1',
      // Numbers of cards then mean what they mean to nvidia-smi, by which cards are claimed.
      CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    },
    detached: true,
    cleanup: false,
    reject: false,
    buffer: false,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
  });
}

async function readLines(
  stream: NodeJS.ReadableStream,
  take: (line: string) => void,
): Promise<void> {
  try {
    for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) take(line);
  } catch {
    // A pipe that breaks has ended; the exit says why.
  }
}
