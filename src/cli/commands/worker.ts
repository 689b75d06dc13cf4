import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CLI_EXIT } from '../../contracts/failures.js';
import { CliError } from '../cli-error.js';
import { config } from '../context.js';
import { print } from '../output.js';

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
  print(
    `${known} worker ${started.identity.pid} serves ${settings.connection.address}; log: ${settings.home}/logs`,
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => started.kill('SIGTERM'));
  const code = await started.exited;
  if (code === 0) return CLI_EXIT.ok;
  const log = join(settings.home, 'logs', `${name}.out`);
  const said = (await readFile(log, 'utf8').catch(() => '')).trim();
  throw new CliError(
    said.split('\n').slice(-2).join('\n') || `The ${known} worker ended unexpectedly.`,
    code ?? CLI_EXIT.planFailed,
    `Its log: ${log}`,
  );
}
