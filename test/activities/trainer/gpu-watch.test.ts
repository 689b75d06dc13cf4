import { readFileSync } from 'node:fs';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { GpuWatch } from '../../../src/activities/trainer/gpu-watch.js';
import { attempt, openLab, stageOf } from '../support/lab.js';
import {
  scriptedNvidiaSmi,
  withoutNvidiaSmi,
} from '../../processes/support/scripted-nvidia-smi.js';
import { until } from '../../support/until.js';

const USE = { percent: 50, usedMiB: 1024, totalMiB: 2048, celsius: 40 };

test('nobody is asked again while an answer is on its way', async () => {
  const answers: (() => void)[] = [];
  const watch = new GpuWatch(() => new Promise((resolve) => answers.push(() => resolve([USE]))));
  expect([watch.look(), watch.look(), watch.look()]).toEqual([null, null, null]);
  expect(answers).toHaveLength(1);
  answers[0]!();
  await until('words', () => watch.look());
  expect(watch.look()).toBe('50 %, 1.0/2.0 GiB, 40 °C');
  expect(answers).toHaveLength(2);
});

test('where nobody tells, nobody is asked a second time', async () => {
  let asked = 0;
  const watch = new GpuWatch(() => {
    asked += 1;
    return Promise.resolve(null);
  });
  watch.look();
  await new Promise(setImmediate);
  expect([watch.look(), watch.look(), asked]).toEqual([null, null, 1]);
});

test('the heartbeat shows what nvidia-smi says, asked at most once a beat', async () => {
  const { calls } = scriptedNvidiaSmi(`echo '87, 31949, 81559, 64'`);
  const lab = await openLab();
  try {
    const input = await stageOf(lab, 'full-train', [{ steps: 6, at: 3, end: 'wait' }]);
    const running = attempt(lab.deps, input);
    const seen = await running.until(({ gpu }) => gpu !== null);
    expect(seen.gpu).toBe('87 %, 31.2/79.6 GiB, 64 °C');
    running.env.cancel();
    await running.outcome.catch(() => undefined);
    const asked = readFileSync(calls, 'utf8').trim().split('\n').length;
    expect(asked).toBeLessThanOrEqual(running.beats.length);
  } finally {
    await lab.close();
  }
});

test('without nvidia-smi the field stays empty', async () => {
  // By its own path: the PATH without nvidia-smi has no Python either.
  const { stdout: python } = await execa('python3', ['-c', 'import sys; print(sys.executable)']);
  const lab = await openLab({ python });
  withoutNvidiaSmi();
  try {
    const running = attempt(lab.deps, await stageOf(lab, 'full-train', [{ steps: 4 }]));
    expect((await running.outcome).kind).toBe('finished');
    expect(running.beats.map(({ gpu }) => gpu)).toEqual(running.beats.map(() => null));
  } finally {
    await lab.close();
  }
});
