import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { checkPlanFile, resolvePlan } from '../../src/cli/plan-file.js';
import { renderState } from '../../src/cli/render-state.js';
import { type ChosenInterval, intervalSentence } from '../../src/contracts/interval.js';
import { StageProgress } from '../../src/contracts/progress.js';
import { initialState } from '../../src/workflows/policy/state.js';

const TINY = new URL('../../plans/tiny.yaml', import.meta.url).pathname;
const at = '2026-11-30T10:00:00.000Z';
const INTERVAL: ChosenInterval = {
  seconds: 140,
  rule: 'young-daly',
  costSeconds: 0.96,
  saveSeconds: 4,
  publishSeconds: 10,
  interruptionEverySeconds: 10_440,
  interruptionsSeen: 2,
  lostInVain: 0,
};

it('status shows the interval with its reason where a plan tunes it, in both languages', async () => {
  const { text } = await checkPlanFile(TINY);
  const state = initialState(resolvePlan(text!, '/'), at);
  // As an older worker sends it, which knows of no interval.
  const told = {
    phase: 'running', attempt: 1, token: 1, host: 'h', trainerPid: 1, done: 30, total: 60,
    unit: 'steps', loss: 1.25, tokensPerSecond: 900, etaSeconds: 75, tallies: [],
    publishedStep: null, publishedDigest: null, cpuPercent: null, gpu: null, log: [],
    resumedInexactly: false, at,
  }; // prettier-ignore
  const shown = (interval: ChosenInterval | null, language: 'en' | 'zh'): string[] => {
    const progress = StageProgress.parse(interval ? { ...told, interval } : told);
    const running = { progress, lastFailure: null };
    const text = renderState(state, running, { home: '/home' }, language);
    return stripVTControlCharacters(text).split('\n');
  };
  expect(shown(INTERVAL, 'en')).toContain(
    'checkpoint every 2 min 20 s: a save costs 1.0 s, an interruption comes every 2 h 54 min on average (2 seen)',
  );
  expect(shown(INTERVAL, 'zh')).toContain(intervalSentence(INTERVAL, true));
  expect(shown(null, 'en').filter((line) => line.includes('checkpoint every'))).toEqual([]);
});
