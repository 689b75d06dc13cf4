import { createReadStream, watch as watchFile } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { CLI_EXIT } from '../../contracts/failures.js';
import { CliError } from '../cli-error.js';
import { config } from '../context.js';
import { stageCalled } from '../stage-argument.js';

export interface LogsArguments {
  readonly follow?: boolean;
  readonly json?: boolean;
}

/** Prints the trainer's log of a stage, of the newest stage when none is named. */
export async function logs(
  planId: string,
  stage: string | undefined,
  options: LogsArguments,
): Promise<number> {
  const runs = join((await config()).home, 'runs', planId);
  const name = await newestLog(runs, planId, stage && stageCalled(stage));
  const write = options.json ? asJsonLines(name.split(sep)[0]!) : writeAsItIs;
  const path = join(runs, name);
  const end = await copyFrom(path, 0, write);
  if (options.follow) await followFile(path, end, write);
  return CLI_EXIT.ok;
}

/** Path below `runs`; its first part is the stage. */
async function newestLog(runs: string, planId: string, stage: string | undefined): Promise<string> {
  const names = await readdir(runs, { recursive: true }).catch(() => [] as string[]);
  const found = await Promise.all(
    names
      .filter((name) => isLogOf(name, stage))
      .map(async (name) => ({ name, at: (await stat(join(runs, name))).mtimeMs })),
  );
  const newest = found.sort((a, b) => b.at - a.at)[0];
  if (newest) return newest.name;
  throw new CliError(
    `${planId} has no log${stage ? ` of ${stage}` : ''} here (looked in ${stage ? join(runs, stage) : runs}).`,
    CLI_EXIT.notFound,
    'Logs lie on the machine that ran the stage.',
  );
}

/** The report keeps copies of what it was made from; those are no stage's own log. */
function isLogOf(name: string, stage: string | undefined): boolean {
  const parts = name.split(sep);
  const ofStage = stage === undefined || parts[0] === stage;
  return ofStage && name.endsWith('.log') && !(parts[0] === 'report' && parts[1] === 'inputs');
}

type Write = (chunk: Buffer) => void;

const writeAsItIs: Write = (chunk) => void process.stdout.write(chunk);

/** One JSON document a line of the log, so that a script can follow too. */
function asJsonLines(stage: string): Write {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (let at = rest.indexOf('\n'); at >= 0; at = rest.indexOf('\n')) {
      const line = rest.subarray(0, at).toString('utf8');
      process.stdout.write(`${JSON.stringify({ stage, line })}\n`);
      rest = rest.subarray(at + 1);
    }
  };
}

function copyFrom(path: string, start: number, write: Write): Promise<number> {
  return new Promise((resolve, reject) => {
    const stream = createReadStream(path, { start });
    stream.on('data', (chunk) => write(Buffer.from(chunk)));
    stream.on('error', reject);
    stream.on('end', () => resolve(start + stream.bytesRead));
  });
}

/** Until Ctrl-C. */
async function followFile(path: string, from: number, write: Write): Promise<void> {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  let position = from;
  let copying = Promise.resolve();
  const watcher = watchFile(path, { signal: stop.signal }, () => {
    copying = copying.then(async () => {
      position = await copyFrom(path, position, write);
    });
  });
  await new Promise<void>((resolve) => watcher.once('close', resolve));
  await copying;
}
