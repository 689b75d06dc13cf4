import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client } from '@temporalio/client';
import { loadConfig } from '../../config/config.js';
import { CLI_EXIT } from '../../contracts/failures.js';
import type { ResolvedPlan } from '../../contracts/plan.js';
import type { Summary } from '../../contracts/state.js';
import { freePorts } from '../../processes/free-port.js';
import { withClient } from '../connect.js';
import { HalfWayKill } from '../demo/kill-half-way.js';
import { casesText } from '../demo/show-cases.js';
import { follow, type FollowOptions } from '../follow.js';
import { LocalStack } from '../local-stack.js';
import type { Place } from '../model-place.js';
import { count, money, print, printJson } from '../output.js';
import { loadPlan } from '../plan-file.js';
import { languageOverride } from '../plan-overrides.js';
import { startPlan } from '../start-plan.js';
import { readSummary, renderSummary } from '../summary-file.js';

export interface DemoArguments {
  readonly json?: boolean;
  readonly keep?: boolean;
  readonly plan?: string;
  readonly lang?: string;
}

/** A loss half-way must be caught while the stage still runs. */
const PERIOD_MS = 500;

/** The whole story on this machine, with a real loss in the middle; fresh home, id and ports. */
export async function demo(options: DemoArguments): Promise<number> {
  const { home, plan } = await freshPlan(options);
  const [port, uiPort] = await freePorts(2);
  const parts = ['server', 'control', 'prep'] as const;
  const stack = await LocalStack.start({ home, port: port!, uiPort: uiPort!, parts, gpuClass: '' });
  const stopped = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopped.abort());
  try {
    return await carryAndTell(stack, { home, plan }, options, stopped.signal);
  } catch (error) {
    if (stopped.signal.aborted) return CLI_EXIT.cancelled;
    throw error;
  } finally {
    await stack.stop();
  }
}

interface Fresh {
  readonly home: string;
  readonly plan: ResolvedPlan;
}

async function freshPlan(options: DemoArguments): Promise<Fresh> {
  const digits = new Date().toISOString().replace(/[^0-9]/g, '');
  const stamp = digits.slice(2, 14);
  const { home, root } = loadConfig();
  const plan = await loadPlan(options.plan ?? join(root, 'plans', 'tiny.yaml'), {
    id: `tiny-${stamp}`,
    ...languageOverride(options.lang),
  });
  return { home: join(home, 'demo', stamp), plan };
}

async function carryAndTell(
  stack: LocalStack,
  { home, plan }: Fresh,
  options: DemoArguments,
  signal: AbortSignal,
): Promise<number> {
  const say = options.json ? (): void => undefined : print;
  const { uiUrl, namespace } = stack.config;
  say(`Temporal UI  ${uiUrl}/namespaces/${namespace}/workflows/${plan.id}`);
  const quiet = options.json ?? false;
  const ended = await withClient(stack.config, (client) =>
    carry(client, plan, new HalfWayKill(stack.config), { quiet, signal }),
  );
  const summary = await readSummary(home, plan.id);
  if (options.json) printJson(summary);
  else await tell(summary, { home, before: `DREAM_SFT_HOME=${home}` });
  if (options.keep) await keep(stack, say, signal);
  return ended;
}

/** Starts the plan and follows it to its end; kills its host once, half-way. */
async function carry(
  client: Client,
  plan: ResolvedPlan,
  kill: HalfWayKill,
  options: Pick<FollowOptions, 'quiet' | 'signal'>,
): Promise<number> {
  await startPlan(client, plan);
  return follow(client, plan.id, {
    ...options,
    periodMs: PERIOD_MS,
    onLook: async (state, progress) => {
      const running = state.stages.find((stage) => stage.status === 'running');
      const killed = await kill.look(running?.name, progress);
      return (
        killed &&
        `  ✂ step ${killed.step}: SIGKILL to GPU worker ${killed.workerPid} and trainer ${killed.trainerPid}; ` +
          `the newest published checkpoint is step ${killed.publishedStep}`
      );
    },
  });
}

async function tell(summary: Summary, place: Place): Promise<void> {
  for (const lost of summary.interruptions) {
    const after = (value: number | null): string =>
      value === null ? '?' : `${value.toFixed(1)} s`;
    print(
      `Lost and won back: ${lost.stage} ${lost.kind}, noticed after ${after(lost.detectedAfterSeconds)}, ` +
        `training again after ${after(lost.resumedAfterSeconds)}, ${count(lost.stepsLost, 'step')} repeated, ${money(lost.moneyLostFen)} lost`,
    );
  }
  const cases = await casesText(summary);
  if (cases.length > 0) print(['Three comparison cases', ...cases].join('\n'));
  print(renderSummary(summary, place));
}

async function keep(
  stack: LocalStack,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  say(`Server and workers go on until Ctrl-C. UI: ${stack.config.uiUrl}`);
  await sleep(2 ** 31 - 1, undefined, { signal }).catch(() => undefined);
}
