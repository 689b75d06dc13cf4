import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { freePorts } from '../../src/processes/free-port.js';
import { isAlive } from '../../src/processes/identity.js';
import { readHostRecords } from '../../src/store/host-records.js';
import { openStore } from '../../src/store/open-store.js';
import { eventually } from '../helpers/deadline.js';
import { SMALL, TINY_PLAN } from '../helpers/plans.js';
import { chainOf } from '../helpers/results.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { processTree } from './support/process-tree.js';

const BIN = fileURLToPath(new URL('../../bin/dream-sft.mjs', import.meta.url));

/** Only a stop makes a checkpoint here: none is due before the training's end. */
const SETTINGS = [...SMALL, 'training.steps=2000', 'checkpoints.everySteps=100000'];

async function upThatTrains(args: readonly string[], provider: string) {
  const home = temporaryFolder();
  const env = { DREAM_SFT_HOME: home };
  const [port] = await freePorts(1);
  const up = execa(process.execPath, [BIN, 'up', '--port', String(port), ...args], {
    reject: false,
    detached: true,
    env,
  });
  onTestFinished(() => void up.kill('SIGKILL'));
  const set = [...SETTINGS, `hosts.provider=${provider}`].flatMap((each) => ['--set', each]);
  await eventually('the plan is started', async () => {
    if (up.exitCode !== null) throw new Error(`up ended: ${(await up).stderr}`);
    const start = await execa(process.execPath, [BIN, 'start', TINY_PLAN, '--id', 'p', ...set], {
      reject: false,
      env,
    });
    return start.exitCode === 0;
  });
  const store = await openStore({ kind: 'local' }, home);
  const step = await eventually('some steps are done', async () => {
    const [training] = (await readHostRecords(store)).filter(({ stage }) => stage === 'full-train');
    return training?.step && training.step >= 3 ? training.step : null;
  });
  return { up, store, step, tree: await processTree(up.pid!) };
}

test.each([
  { who: 'a host of the provider', args: [], by: 'local-process' },
  { who: 'the GPU worker of up', args: ['--only', 'server,control,prep,gpu'], by: 'manual' },
])('Ctrl-C on up: $who publishes a last checkpoint, then all ends', async ({ args, by }) => {
  const { up, store, step, tree } = await upThatTrains(args, by);
  expect((await chainOf(store, 'p', 'full-train'))?.chain.newest).toBeNull();
  process.kill(up.pid!, 'SIGINT');
  const ended = await up;
  expect([ended.exitCode, ended.stderr]).toEqual([0, '']);
  const { chain } = (await chainOf(store, 'p', 'full-train'))!;
  expect(chain.newest?.step).toBeGreaterThanOrEqual(step);
  expect(chain.attempts).toHaveLength(1);
  expect(chain.attempts[0]?.ended).toMatchObject({ how: 'preempted', step: chain.newest?.step });
  expect(tree.some(({ command }) => command.includes('dream_sft train'))).toBe(true);
  // Not one of up and one of the provider: both would train on the same card.
  const isGpuWorker = /(?<!guard\.js.*)workers\/main\.js gpu /;
  expect(tree.filter(({ command }) => isGpuWorker.test(command))).toHaveLength(1);
  for (const member of tree) {
    await until(`${member.command} is gone`, async () => !(await isAlive(member)));
  }
});
