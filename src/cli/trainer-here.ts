import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/config.js';
import { EXIT, type ResultEvent, type TrainerEvent } from '../contracts/events.js';
import { CLI_EXIT } from '../contracts/failures.js';
import type { RunSpecInput } from '../contracts/run-spec.js';
import { readGpus } from '../processes/gpus.js';
import { requirePython } from '../processes/python-check.js';
import { startTrainer, type TrainerExit } from '../processes/trainer.js';
import { CliError } from './cli-error.js';

/** As a shell tells of Ctrl-C. */
export const INTERRUPTED = 130;

type Command = RunSpecInput['command'];
type Result<C extends Command> = Extract<ResultEvent, { command: C }>;

/** `--device`, or a GPU where this machine has one. */
export async function deviceOf(option: string | undefined): Promise<'cpu' | 'cuda'> {
  if (option === undefined) return (await readGpus()).length > 0 ? 'cuda' : 'cpu';
  if (option === 'cpu' || option === 'cuda') return option;
  throw new CliError(`--device ${option} is neither cpu nor cuda.`, CLI_EXIT.usage);
}

/**
 * Runs a trainer's command on this machine and gives its result; what goes wrong there is told as
 * the trainer told it. Ctrl-C asks it to stop, a second one ends it.
 */
export async function runTrainerHere<C extends Command>(
  settings: Config,
  makeSpec: (folder: string) => RunSpecInput & { readonly command: C },
  onEvent: (event: TrainerEvent) => void,
): Promise<Result<C>> {
  await requirePython(settings.python);
  const logs = join(settings.home, 'logs');
  await mkdir(logs, { recursive: true });
  const folder = await mkdtemp(join(logs, 'asked-'));
  const specPath = join(folder, 'spec.json');
  const spec = makeSpec(folder);
  await writeFile(specPath, JSON.stringify(spec, null, 2));
  const logFile = join(folder, 'stderr.log');
  const trainer = startTrainer({
    ...{ python: settings.python, trainerFolder: settings.trainerFolder },
    ...{ command: spec.command, specPath, logFile, onEvent, onLogLine: () => undefined },
  });
  const interrupted = onInterrupt(trainer);
  const exit = await trainer.exited.finally(interrupted.forget);
  const result = exit.result?.command === spec.command ? (exit.result as Result<C>) : null;
  const stopped = interrupted.times() > 0 || exit.code === EXIT.stopped;
  // Only of what went wrong will anybody read the log.
  if (result !== null || stopped) await rm(folder, { recursive: true, force: true });
  if (result !== null) return result;
  throw stopped ? new CliError('Stopped.', INTERRUPTED) : failure(exit, logFile);
}

function onInterrupt(trainer: { stop(): void; kill(): void }) {
  let times = 0;
  const hear = (): void => {
    times += 1;
    if (times === 1) trainer.stop();
    else trainer.kill();
  };
  process.on('SIGINT', hear);
  return { times: () => times, forget: () => void process.off('SIGINT', hear) };
}

function failure(exit: TrainerExit, logFile: string): CliError {
  const { lastError } = exit;
  if (lastError === null || lastError.reason === 'internal') {
    const how = exit.signal ?? `exit ${exit.code}`;
    const last = lastError?.message ?? exit.logTail.at(-1) ?? 'it said nothing';
    return new CliError(
      `The trainer ended (${how}): ${last}`,
      CLI_EXIT.planFailed,
      `Its log: ${logFile}`,
    );
  }
  const lines = [lastError.message, ...lastError.mistakes.map((mistake) => `  - ${mistake}`)];
  const known = exit.code === EXIT.spec || exit.code === EXIT.data;
  return new CliError(lines.join('\n'), known ? exit.code! : CLI_EXIT.planFailed);
}
