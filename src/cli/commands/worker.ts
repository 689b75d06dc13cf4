import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CLI_EXIT } from '../../contracts/failures.js';
import { CliError } from '../cli-error.js';
import { config } from '../context.js';
import { print } from '../output.js';
import { refusesConnections } from '../refused.js';

export interface WorkerArguments {
  readonly gpuClass: string;
}

const KINDS = ['control', 'prep', 'gpu'] as const;

/** One worker in the foreground; Ctrl-C ends it as a lost notice would: at once, after a checkpoint. */
export async function worker(kind: string, options: WorkerArguments): Promise<number> {
  const known = KINDS.find((name) => name === kind);
  if (!known)
    throw new CliError(
      `There is no worker ${kind}.`,
      CLI_EXIT.usage,
      `Workers: ${KINDS.join(', ')}.`,
    );
  const settings = await config();
  const { startWorkerProcess } = await import('../../processes/worker-process.js');
  const args = known === 'gpu' ? ['gpu', '--gpu-class', options.gpuClass] : [known];
  const name = `worker-${known}-${process.pid}`;
  const started = await startWorkerProcess(settings, args, name);
  print(`${known} worker ${started.identity.pid}; log: ${settings.home}/logs`);
  let asked = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      asked = true;
      started.kill('SIGTERM');
    });
  const over = new AbortController();
  const telling = tellOfServer(settings.connection.address, over.signal);
  const code = await started.exited;
  over.abort();
  await telling;
  // Null: the signal came before the worker could mind it.
  const log = join(settings.home, 'logs', `${name}.out`);
  if (code === 0 && !asked) print(await lastWords(log));
  if (code === 0 || (asked && code === null)) return CLI_EXIT.ok;
  throw await endedBadly(known, code, log);
}

const LOOK_EVERY_MS = 1000;

/** The worker itself tries until a server answers; a person sees here which of the two it is. */
async function tellOfServer(address: string, over: AbortSignal): Promise<void> {
  let told = false;
  while (await refusesConnections(address)) {
    if (over.aborted) return;
    if (!told) {
      print(`No Temporal server answers at ${address} yet; the worker keeps trying until Ctrl-C.`);
      print('Start one with `dream-sft up`, or name another with TEMPORAL_ADDRESS.');
    }
    told = true;
    await sleep(LOOK_EVERY_MS, undefined, { signal: over }).catch(() => undefined);
  }
  if (!over.aborted) print(`It serves ${address}. Ctrl-C ends it.`);
}

async function lastWords(log: string): Promise<string> {
  const said = (await readFile(log, 'utf8').catch(() => '')).trim();
  return said.split('\n').slice(-2).join('\n');
}

async function endedBadly(kind: string, code: number | null, log: string): Promise<CliError> {
  return new CliError(
    (await lastWords(log)) || `The ${kind} worker ended unexpectedly.`,
    code ?? CLI_EXIT.planFailed,
    `Its log: ${log}`,
  );
}
