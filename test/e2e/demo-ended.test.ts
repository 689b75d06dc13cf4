import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { serverRecordPath, type ServerRecord } from '../../src/config/config.js';
import { portIsFree } from '../../src/processes/free-port.js';
import { isAlive } from '../../src/processes/identity.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { processTree, type TreeMember } from './support/process-tree.js';

const BIN = fileURLToPath(new URL('../../bin/dream-sft.mjs', import.meta.url));

/** Server, control, prep, a GPU worker, each with its guard; the demo itself and a trainer. */
const AT_LEAST = 10;

/** A real demo, as far as a trainer that a host of the provider has started. */
async function demoThatTrains() {
  const home = temporaryFolder();
  const demo = execa(process.execPath, [BIN, 'demo'], {
    reject: false,
    detached: true,
    env: { DREAM_SFT_HOME: home },
  });
  onTestFinished(() => void demo.kill('SIGKILL'));
  let tree: TreeMember[] = [];
  while (!tree.some(({ command }) => command.includes('dream_sft train'))) {
    if (demo.exitCode !== null) throw new Error(`the demo ended: ${(await demo).stderr}`);
    await sleep(200);
    tree = await processTree(demo.pid!);
  }
  return { demo, tree, ports: portsOf(join(home, 'demo')) };
}

function portsOf(demos: string): number[] {
  const [stamp] = readdirSync(demos);
  const path = serverRecordPath(join(demos, stamp!));
  expect(existsSync(path)).toBe(true);
  const server = JSON.parse(readFileSync(path, 'utf8')) as ServerRecord;
  return [Number(server.address.split(':')[1]), Number(new URL(server.uiUrl).port)];
}

async function expectNothingLeft(tree: readonly TreeMember[], ports: readonly number[]) {
  expect(tree.length).toBeGreaterThanOrEqual(AT_LEAST);
  for (const member of tree) {
    await until(`${member.command} is gone`, async () => !(await isAlive(member)));
  }
  expect(ports).toHaveLength(2);
  for (const port of ports) await until(`port ${port} is free`, () => portIsFree(port));
}

test('kill -9 of the demo: no process and no port of it survives', async () => {
  const { demo, tree, ports } = await demoThatTrains();
  demo.kill('SIGKILL');
  await demo;
  await expectNothingLeft(tree, ports);
});

test('Ctrl-C ends the demo with exit code 6, without a stack trace, and nothing survives', async () => {
  const { demo, tree, ports } = await demoThatTrains();
  process.kill(demo.pid!, 'SIGINT');
  const ended = await demo;
  expect(ended.exitCode).toBe(6);
  expect(ended.stderr).toBe('');
  await expectNothingLeft(tree, ports);
});
