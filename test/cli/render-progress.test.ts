import { expect, test } from 'vitest';
import { renderProgress } from '../../src/cli/render-progress.js';
import { StageProgress } from '../../src/contracts/progress.js';

const parked = (unit: StageProgress['unit']): StageProgress =>
  StageProgress.parse({
    ...{ phase: 'preparing', attempt: 2, token: null, host: 'second', trainerPid: null },
    ...{ done: 0, total: null, unit, loss: null, tokensPerSecond: null, etaSeconds: null },
    ...{ tallies: [], publishedStep: null, publishedDigest: null, cpuPercent: null, gpu: null },
    ...{ log: [], resumedInexactly: false, at: '2026-12-01T03:00:00.000Z' },
    waitsFor: { host: 'autodl-1', step: 41 },
  });

test('an attempt that is parked says for whom it waits, and how far that one is', () => {
  expect(renderProgress(parked('steps'))).toBe('waiting for host autodl-1 at step 41');
  expect(renderProgress(parked('steps'), null, true)).toBe('等待主机 autodl-1（第 41 步）');
  expect(renderProgress(parked('batches'))).toBe('waiting for host autodl-1 at 41 batches');
});
