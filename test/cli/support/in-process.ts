import { stripVTControlCharacters } from 'node:util';
import { buildProgram } from '../../../src/cli/main.js';

export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

class Left extends Error {
  constructor(readonly exitCode: number) {
    super(`left with exit code ${exitCode}`);
  }
}

let last: Promise<unknown> = Promise.resolve();

/**
 * The CLI in this process: what it says and how it ends, without a second's start of a process. One
 * command at a time, for output and environment are the process's own; for signals there is run.ts.
 */
export function dreamSft(
  home: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Ended> {
  const ended = last.then(() => run(args, withHome(home, env)));
  last = ended.catch(() => undefined);
  return ended;
}

const withHome = (home: string, env: Record<string, string>): Record<string, string> => ({
  ...{ DREAM_SFT_HOME: home, TEMPORAL_ADDRESS: '127.0.0.1:9', ...env },
});

async function run(args: readonly string[], env: Record<string, string>): Promise<Ended> {
  const exit = process.exit.bind(process);
  const before = process.exitCode;
  const stdout = hear(process.stdout);
  const stderr = hear(process.stderr);
  const restoreEnvironment = setEnvironment(env);
  process.exit = (code) => {
    throw new Left(Number(code ?? 0));
  };
  process.exitCode = 0;
  let exitCode = 0;
  try {
    await buildProgram().parseAsync(args, { from: 'user' });
    exitCode = Number(process.exitCode ?? 0);
  } catch (error) {
    if (!(error instanceof Left)) throw error;
    ({ exitCode } = error);
  } finally {
    restoreEnvironment();
    process.exit = exit;
    process.exitCode = before;
    stdout.forget();
    stderr.forget();
  }
  return { exitCode, stdout: stdout.said(), stderr: stderr.said() };
}

function setEnvironment(env: Record<string, string>): () => void {
  const before = Object.keys(env).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, env);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
}

/** What is written to a stream from here on, as a pipe would get it. */
function hear(stream: NodeJS.WriteStream) {
  const parts: Buffer[] = [];
  const write = stream.write.bind(stream);
  stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    parts.push(Buffer.from(chunk as string));
    const written = rest.at(-1);
    if (typeof written === 'function') (written as () => void)();
    return true;
  };
  return {
    forget: () => void (stream.write = write),
    // As execa: without the last line's end.
    said: () => stripVTControlCharacters(Buffer.concat(parts).toString()).replace(/\n$/, ''),
  };
}
