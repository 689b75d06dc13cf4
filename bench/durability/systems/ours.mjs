// A plan of dream-sft with its local provider. Everything before full training is done once; then the
// stage is forgotten and done again in each trial, as the drill does.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadPlan } from '../../../dist/cli/plan-file.js';
import { readState } from '../../../dist/cli/plan-handle.js';
import { startPlan } from '../../../dist/cli/start-plan.js';
import { readSummary } from '../../../dist/cli/summary-file.js';
import { Arena } from '../../../dist/drill/arena.js';
import { settingsOf } from '../../../dist/drill/drill.js';
import { forgetStage } from '../../../dist/drill/forget-stage.js';
import { forgetLocalHosts } from '../../../dist/drill/local-hosts.js';
import { waitFor } from '../../../dist/drill/wait.js';
import { Chain } from '../../../dist/store/chain.js';
import { foldChain } from '../../../dist/store/fold-chain.js';
import { SPAN } from '../span.mjs';

const PLAN = fileURLToPath(new URL('../../../plans/tiny.yaml', import.meta.url));
const STAGE = 'full-train';

export async function open({ recordings, home }) {
  // Workers inherit it; nothing else of ours knows that it is being recorded.
  process.env.DREAM_SFT_PYTHON = recordings.python;
  const arena = await Arena.open(home, new AbortController().signal);
  return {
    arena,
    start: (_folder, name) => carry(arena, name),
    close: () => arena.close(),
  };
}

async function carry(arena, name) {
  await forgetTraining(arena);
  const plan = await loadPlan(PLAN, { id: name, settings: settingsOf(SPAN) });
  await startPlan(arena.client, plan);
  const standbys = [];
  let closed;
  return {
    startStandby: async () => standbys.push(await arena.startHost(`standby-${name}`)),
    ended: async () => (closed = await untilClosed(arena, name)),
    outcome: async () => outcomeOf(arena, name, closed),
    close: async () => {
      // Else it would be a second host of the next trial.
      for (const standby of standbys) standby.kill('SIGTERM');
      await Promise.all(standbys.map(({ exited }) => exited));
    },
  };
}

const untilClosed = (arena, name) =>
  waitFor(`${name} closes`, async () => {
    const { status } = await arena.client.workflow.getHandle(name).describe();
    return status.name === 'RUNNING' ? null : status.name;
  });

async function outcomeOf(arena, name, closed) {
  const { training } = await readSummary(arena.config.home, name);
  const [key] = await trainingKeys(arena);
  const entries = await new Chain(arena.store, key).entries();
  const obeyed = entries.filter(({ type }) => type === 'refused').length;
  return {
    ended: closed === 'COMPLETED' ? 'finished' : closed,
    weightsSha256: training?.weightsSha256,
    orderHash: training?.orderHash,
    // Stricter than for the others: any publication behind a newer attempt's entry counts, though
    // nobody would read it.
    zombieWritesAccepted: foldChain(entries).refused.length - obeyed,
    zombieWritesRefused: obeyed,
  };
}

async function trainingKeys({ store }) {
  const found = [];
  for (const key of await store.list('results/')) {
    const result = JSON.parse(Buffer.from(await store.get(key)).toString('utf8'));
    if (result.stage === STAGE) found.push(result.stageKey);
  }
  return found;
}

async function forgetTraining(arena) {
  await forgetLocalHosts(arena);
  for (const key of await trainingKeys(arena)) await forgetStage(arena.store, key);
}
