import type { WriteStream } from 'node:fs';
import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { execa } from 'execa';
import { CLI_EXIT } from '../contracts/failures.js';
import { SEARCH_ATTRIBUTES } from '../contracts/search-attributes.js';
import { serverRecordPath } from '../config/config.js';
import { portIsFree } from './free-port.js';
import { guarded } from './guarded.js';
import { openLogStream } from './log-stream.js';

export interface ServerOptions {
  readonly temporal: string;
  readonly home: string;
  readonly namespace: string;
  readonly port: number;
  readonly uiPort: number;
  readonly lifetimeSocket: string | null;
  /** File in which its guard says which process it has started. */
  readonly record?: string;
}

export interface TemporalServer {
  readonly address: string;
  readonly uiUrl: string;
  readonly pid: number;
  readonly exited: Promise<void>;
  stop(): Promise<void>;
}

/** What a person can mend: said in two lines, with an exit code of its own. */
export class ServerError extends Error {
  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
  }
}

const READY_WITHIN_MS = 60_000;
const ATTRIBUTE_TYPES = { KEYWORD: 'Keyword', INT: 'Int', DATETIME: 'Datetime' } as const;

/** The embedded Temporal server: SQLite file in the home folder, web UI, loopback only. */
export async function startTemporalServer(options: ServerOptions): Promise<TemporalServer> {
  await checkBefore(options);
  const logPath = join(options.home, 'logs', 'temporal.log');
  const child = startProcess(options, await openLogStream(logPath));
  const address = `127.0.0.1:${options.port}`;
  const uiUrl = `http://127.0.0.1:${options.uiPort}`;
  await untilReady(child, address, options.namespace, logPath);
  const pid = child.pid ?? 0;
  await writeFile(serverRecordPath(options.home), JSON.stringify({ address, uiUrl, pid }));
  return {
    address,
    uiUrl,
    pid,
    exited: child.then(() => undefined),
    stop: async () => {
      child.kill('SIGTERM');
      await child;
      await rm(serverRecordPath(options.home), { force: true });
    },
  };
}

function startProcess(options: ServerOptions, log: WriteStream) {
  const { lifetimeSocket, temporal, record } = options;
  const told = record === undefined ? {} : { record };
  const [command, args] = guarded(lifetimeSocket, temporal, serverArguments(options), told);
  const child = execa(command, args, {
    detached: true,
    cleanup: lifetimeSocket === null,
    reject: false,
    buffer: false,
    stdin: 'ignore',
    stdout: log,
    stderr: log,
  });
  log.close();
  return child;
}

async function checkBefore(options: ServerOptions): Promise<void> {
  await access(options.temporal).catch(() => {
    throw new ServerError(
      `The Temporal CLI is not at ${options.temporal}.\nRun \`npm run setup\`, or name another with DREAM_SFT_TEMPORAL.`,
      CLI_EXIT.missingTool,
    );
  });
  for (const port of [options.port, options.uiPort]) {
    if (await portIsFree(port)) continue;
    throw new ServerError(
      `Port ${port} is taken by another program.\nStop that one, or choose another with --port.`,
      CLI_EXIT.portInUse,
    );
  }
  await mkdir(dirname(serverRecordPath(options.home)), { recursive: true });
}

function serverArguments(options: ServerOptions): string[] {
  const attributes = SEARCH_ATTRIBUTES.flatMap(({ name, type }) => [
    '--search-attribute',
    `${name}=${ATTRIBUTE_TYPES[type as keyof typeof ATTRIBUTE_TYPES]}`,
  ]);
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--ui-ip', '127.0.0.1'],
    ...['--port', String(options.port), '--ui-port', String(options.uiPort)],
    ...['--namespace', options.namespace, '--db-filename', join(options.home, 'temporal.db')],
    // Else a task may be handed to a poller of a dying worker and wait for a timeout.
    ...['--dynamic-config-value', 'frontend.enableCancelWorkerPollsOnShutdown=true'],
    ...['--ui-disable-news-fetch', '--log-level', 'error'],
    ...attributes,
  ];
}

async function untilReady(
  child: Promise<unknown>,
  address: string,
  namespace: string,
  logPath: string,
): Promise<void> {
  let ended = false;
  void child.then(() => (ended = true));
  for (const until = Date.now() + READY_WITHIN_MS; Date.now() < until && !ended; await sleep(100)) {
    try {
      const connection = await Connection.connect({ address, connectTimeout: '1s' });
      await connection.workflowService.describeNamespace({ namespace });
      await connection.close();
      return;
    } catch {
      // Not yet.
    }
  }
  throw new ServerError(
    `The Temporal server did not come up at ${address}.\nIts log: ${logPath}`,
    CLI_EXIT.noServer,
  );
}
