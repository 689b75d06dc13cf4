import { createReadStream, watch as watchFile } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CLI_EXIT } from '../../contracts/failures.js';
import { CliError } from '../cli-error.js';
import { config } from '../context.js';

export interface LogsArguments {
  readonly follow?: boolean;
}

/** Prints the trainer's log of a stage, of the newest stage when none is named. */
export async function logs(
  planId: string,
  stage: string | undefined,
  options: LogsArguments,
): Promise<number> {
  const runs = join((await config()).home, 'runs', planId);
  const path = await newestLog(stage ? join(runs, stage) : runs, planId, stage);
  const end = await copyFrom(path, 0);
  if (options.follow) await followFile(path, end);
  return CLI_EXIT.ok;
}

async function newestLog(
  folder: string,
  planId: string,
  stage: string | undefined,
): Promise<string> {
  const names = await readdir(folder, { recursive: true }).catch(() => [] as string[]);
  const found = await Promise.all(
    names
      .filter((name) => name.endsWith('.log'))
      .map(async (name) => ({
        path: join(folder, name),
        at: (await stat(join(folder, name))).mtimeMs,
      })),
  );
  const newest = found.sort((a, b) => b.at - a.at)[0];
  if (newest) return newest.path;
  throw new CliError(
    `${planId} has no log${stage ? ` of ${stage}` : ''} here (looked in ${folder}).`,
    CLI_EXIT.notFound,
    'Logs lie on the machine that ran the stage.',
  );
}

function copyFrom(path: string, start: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const stream = createReadStream(path, { start });
    stream.on('error', reject);
    stream.on('end', () => resolve(start + stream.bytesRead));
    stream.pipe(process.stdout, { end: false });
  });
}

/** Until Ctrl-C. */
async function followFile(path: string, from: number): Promise<void> {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  let position = from;
  let copying = Promise.resolve();
  const watcher = watchFile(path, { signal: stop.signal }, () => {
    copying = copying.then(async () => {
      position = await copyFrom(path, position);
    });
  });
  await new Promise<void>((resolve) => watcher.once('close', resolve));
  await copying;
}
