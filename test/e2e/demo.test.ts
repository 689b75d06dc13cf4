import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { stagesOf } from '../../src/contracts/stages.js';
import { Summary } from '../../src/contracts/state.js';
import { isAlive } from '../../src/processes/identity.js';
import { eventually } from '../helpers/deadline.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { processTree } from './support/process-tree.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

test('npm run demo trains, survives its SIGKILL, prints its summary alone, and leaves nobody', async () => {
  const demo = execa('npm', ['run', '-s', 'demo', '--', '--json'], {
    cwd: ROOT,
    reject: false,
    detached: true,
    env: { DREAM_SFT_HOME: temporaryFolder() },
  });
  onTestFinished(() => void demo.kill('SIGKILL'));
  const tree = await eventually('a trainer is there', async () => {
    if (demo.exitCode !== null) throw new Error(`the demo ended: ${(await demo).stderr}`);
    const now = await processTree(demo.pid!);
    return now.some(({ command }) => command.includes('dream_sft train')) ? now : null;
  });
  const { stdout, stderr, exitCode } = await demo;
  expect([exitCode, stderr]).toEqual([0, '']);
  for (const member of tree) {
    await until(`${member.command} is gone`, async () => !(await isAlive(member)));
  }
  expectGood(Summary.parse(JSON.parse(stdout)));
}, 600_000);

/** What issue and README promise of the tiny model, whatever the seed of this machine's floats. */
function expectGood(summary: Summary): void {
  expect(summary.status).toBe('finished');
  expect(summary.stages.map(({ name, status }) => [name, status])).toEqual(
    stagesOf({}).map((name) => [name, 'finished']),
  );
  expect(summary.interruptions).toMatchObject([{ stage: 'full-train', kind: 'host-lost' }]);
  expect(summary.interruptions[0]?.resumedAfterSeconds).toBeGreaterThan(0);
  expect(summary.training).toMatchObject({ steps: 600, resumedInexactly: false });
  const [before, after] = [summary.evaluation.before, summary.evaluation.after].map(
    ({ arithmetic }) => arithmetic!,
  );
  expect([before!.n, after!.n]).toEqual([200, 200]);
  expect(before!.score).toBeLessThanOrEqual(0.3);
  expect(before!['unreadable']).toBeLessThanOrEqual(20);
  expect(after!.score).toBeGreaterThanOrEqual(0.85);
  expect(existsSync(summary.report.html!)).toBe(true);
}
