import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { describe, expect, test } from 'vitest';
import { sendUpdate } from '../../src/cli/plan-handle.js';
import { startPlan } from '../../src/cli/start-plan.js';
import { signalGroup } from '../../src/processes/identity.js';
import { smallPlan } from '../helpers/plans.js';
import { System } from '../helpers/system.js';
import { closed, midway, until } from '../helpers/watching.js';

/**
 * Records test/replay/*.json anew from real runs: DREAM_SFT_RECORD=1 npm run test:system -- record.
 * Only needed after a change of the workflow that old plans cannot replay.
 */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const record = describe.skipIf(process.env['DREAM_SFT_RECORD'] !== '1');

record('histories', () => {
  test('finished', () => recorded('finished', 'COMPLETED', async () => undefined));

  test('cancelled', () =>
    recorded('cancelled', 'CANCELLED', async (system, id) => {
      await midway(system, id, 'full-train');
      await system.client.workflow.getHandle(id).cancel();
    }));

  test('recovered', () =>
    recorded('recovered', 'COMPLETED', async (system, id) => {
      const { workerPid, trainerPid } = await midway(system, id, 'full-train');
      process.kill(workerPid, 'SIGKILL');
      signalGroup(trainerPid, 'SIGKILL');
      await until(system, id, 'tells of the loss', (state) => state.interruptions.length > 0);
      await sendUpdate(system.client, id, 'pause', {});
      await until(system, id, 'is paused', (state) => state.status === 'paused');
      await sendUpdate(system.client, id, 'resume', {});
    }));
});

async function recorded(
  name: string,
  ending: string,
  meanwhile: (system: System, planId: string) => Promise<void>,
): Promise<void> {
  const system = await System.start();
  try {
    await startPlan(system.client, await smallPlan(name, ['training.steps=240']));
    await meanwhile(system, name);
    expect(await closed(system, name)).toBe(ending);
    const history = await system.client.workflow.getHandle(name).fetchHistory();
    const scrubbed = scrub(JSON.parse(historyToJSON(history)), [
      [system.home, '/home/user/.dream-sft'],
      [ROOT, '/opt/dream-sft/'],
      [`@${hostname()}`, '@host'],
      [`${hostname()}:`, 'host:'],
    ]);
    const path = new URL(`../replay/${name}.json`, import.meta.url);
    writeFileSync(path, `${JSON.stringify(scrubbed, null, 1)}\n`);
  } finally {
    await system.close();
  }
}

type Replacements = readonly (readonly [string, string])[];

/** Paths and names of this machine go, inside payloads too. */
function scrub(value: unknown, replacements: Replacements, key = ''): unknown {
  if (Array.isArray(value)) return value.map((each) => scrub(each, replacements));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, scrub(inner, replacements, name)]),
    );
  }
  if (typeof value !== 'string') return value;
  const replace = (text: string): string =>
    replacements.reduce((all, [from, to]) => all.replaceAll(from, to), text);
  if (key !== 'data') return replace(value);
  return Buffer.from(replace(Buffer.from(value, 'base64').toString('utf8'))).toString('base64');
}
