import { CLI_EXIT } from '../../contracts/failures.js';
import { CliError } from '../cli-error.js';
import { config } from '../context.js';
import { LocalStack, STACK_PARTS, type StackPart } from '../local-stack.js';
import { print } from '../output.js';
import { Revivals } from '../revivals.js';

export interface UpArguments {
  readonly only?: string;
  readonly gpuClass: string;
  readonly port?: string;
}

/**
 * No GPU worker: the provider of a plan starts its own when a stage needs one, and knows of no other;
 * with two of them, two trainings would share a card.
 */
const DEFAULT_PARTS: readonly StackPart[] = ['server', 'control', 'prep'];
const DEFAULT_PORT = 7233;
const UI_OFFSET = 1000;
/** Hosts train on for so long when this process is killed, until `up` is called again. */
const HOST_PATIENCE_MS = 600_000;

/** Everything on this machine, in the foreground, until Ctrl-C. */
export async function up(options: UpArguments): Promise<number> {
  const parts = chosenParts(options.only);
  const port = Number(options.port ?? DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 1 || port + UI_OFFSET > 65_535) {
    throw new CliError(`--port ${options.port} is no port (1 to ${65_535 - UI_OFFSET}).`);
  }
  const { home } = await config();
  const stack = await LocalStack.start({
    home,
    port,
    uiPort: port + UI_OFFSET,
    parts,
    gpuClass: options.gpuClass,
    hostPatienceMs: HOST_PATIENCE_MS,
  });
  tell(stack, parts);
  const died = await keepUp(stack);
  if (died === null && (parts.includes('gpu') || parts.includes('control'))) {
    print('Ending    GPU workers write a last checkpoint first; Ctrl-C again ends all at once.');
    await Promise.race([stack.stopGpuWorkers(), untilSignal()]);
  }
  await stack.stop();
  if (died === null) return CLI_EXIT.ok;
  throw new CliError(
    `The ${died} part ends at once, again and again. See ${home}/logs.`,
    CLI_EXIT.planFailed,
  );
}

function tell({ server, config: { home } }: LocalStack, parts: readonly StackPart[]): void {
  if (server) {
    print(`Temporal  ${server.address}`);
    print(`UI        ${server.uiUrl}`);
  }
  const gpu = parts.includes('control') && !parts.includes('gpu');
  const later = gpu ? '; a GPU worker follows when a plan needs one' : '';
  print(`Running   ${parts.join(', ')}${later}. State and logs in ${home}. Ctrl-C ends it.`);
}

function chosenParts(only: string | undefined): StackPart[] {
  if (only === undefined) return [...DEFAULT_PARTS];
  const names = only.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !STACK_PARTS.some((part) => part === name));
  if (unknown.length > 0) {
    throw new CliError(
      `--only does not know ${unknown.join(', ')}.`,
      CLI_EXIT.usage,
      `Parts: ${STACK_PARTS.join(', ')}.`,
    );
  }
  return STACK_PARTS.filter((part) => names.includes(part));
}

/** Starts again what ends; resolves with null on a signal, or with a part that ends again and again. */
async function keepUp(stack: LocalStack): Promise<StackPart | null> {
  const asked = untilSignal();
  const revivals = new Revivals();
  for (;;) {
    const died = await Promise.race([asked, stack.death()]);
    if (died === null || !revivals.mayRevive(died, Date.now())) return died;
    print(`Restarts  the ${died} part had ended by itself; see ${stack.config.home}/logs.`);
    await stack.revive(died);
  }
}

function untilSignal(): Promise<null> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve(null));
  });
}
