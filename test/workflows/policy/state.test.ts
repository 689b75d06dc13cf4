import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadPlan } from '../../../src/cli/plan-file.js';
import { CHECKLIST } from '../../../src/contracts/checklist.js';
import type { PostMortem } from '../../../src/contracts/journal.js';
import { stagesOf } from '../../../src/contracts/stages.js';
import type { PlanState, StageNews } from '../../../src/contracts/state.js';
import { dayOf, tickRefusal } from '../../../src/workflows/policy/checklist.js';
import { dashboard } from '../../../src/workflows/policy/dashboard.js';
import { advice, failureSentence, judge } from '../../../src/workflows/policy/judgement.js';
import { stageOf } from '../../../src/workflows/policy/stage-state.js';
import { advance, initialState, type PlanEvent } from '../../../src/workflows/policy/state.js';

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();
const play = (state: PlanState, ...events: PlanEvent[]) => events.reduce(advance, state);

let fresh: PlanState;
beforeAll(async () => {
  const path = fileURLToPath(new URL('../../../plans/tiny.yaml', import.meta.url));
  const plan = await loadPlan(path);
  fresh = initialState({ ...plan, deadlineSeconds: 5 * 86_400 }, at(0));
});

const lost: PostMortem = {
  stage: 'full-train',
  kind: 'host-lost',
  lostToken: 1,
  host: 'h',
  noticeSeen: false,
  lastSeenAt: at(1),
  detectedAfterSeconds: 5,
  resumedAfterSeconds: 9,
  newestStepKnown: 120,
  resumedFromStep: 100,
  stepsLost: 20,
  moneyLostFen: 1,
};
const news = (change: Partial<StageNews> = {}): StageNews => ({
  stage: 'full-train',
  stageKey: 'k',
  attempts: 2,
  activityState: 'started',
  host: 'h',
  waitingFor: null,
  done: 100,
  total: 600,
  loss: 1.5,
  tokensPerSecond: 10,
  publishedStep: null,
  interruptions: 1,
  postMortems: [lost],
  spentFen: 7,
  capReached: false,
  at: at(20),
  ...change,
});
const start: PlanEvent = { type: 'stageStarted', stage: 'full-train', at: at(10) };

describe('the state of a plan', () => {
  test('a pause costs no stage time', () => {
    const state = play(
      fresh,
      start,
      { type: 'pauseRequested', stage: 'full-train', at: at(20) },
      { type: 'paused', stage: 'full-train', at: at(22) },
      { type: 'resumed', at: at(1000) },
      { ...start, at: at(1000) },
      { type: 'stageFinished', stage: 'full-train', at: at(1005) },
    );
    expect(stageOf(state, 'full-train')).toMatchObject({ status: 'finished', seconds: 17 });
  });

  test('news repeat totals, so that hearing them twice changes nothing', () => {
    const once = play(fresh, start, { type: 'news', news: news(), at: at(20) });
    expect(once).toMatchObject({ spentFen: 7, interruptions: [lost] });
    expect(advance(once, { type: 'news', news: news(), at: at(20) })).toEqual(once);
  });

  test('news of a stage that is over change nothing', () => {
    const over = play(fresh, start, { type: 'stageFinished', stage: 'full-train', at: at(30) });
    expect(advance(over, { type: 'news', news: news(), at: at(31) })).toEqual(over);
  });

  test('going back closes the gate only when the quote is made again', () => {
    const gated = play(fresh, { type: 'approved', by: 'x', at: at(5) }, start);
    const later = advance(gated, { type: 'wentBack', stage: 'full-train', at: at(30) });
    expect(later.gate.status).toBe('approved');
    const earlier = advance(gated, { type: 'wentBack', stage: 'convert', at: at(30) });
    expect(earlier.gate.status).toBe('closed');
  });
});

test('items tick by what happens, once; five equal days lie between start and deadline', () => {
  const state = play(fresh, start, { type: 'news', news: news({ publishedStep: 5 }), at: at(20) });
  expect(state.ticked).toMatchObject({ environment: at(0), 'checkpoints-saved': at(20) });
  const later = advance(state, { type: 'news', news: news({ publishedStep: 9 }), at: at(40) });
  expect(later.ticked['checkpoints-saved']).toBe(at(20));
  const days = [0, 1, 2, 3, 4, 9].map((day) => dayOf(state, at(day * 86_400)));
  expect(days).toEqual([1, 2, 3, 4, 5, 5]);
  expect(tickRefusal(state, 'watched')).toBeNull();
  expect(tickRefusal(state, 'nothing')).toContain('no item is called nothing');
});

test('the dashboard stays below 20 000 bytes and has all items, in both languages', () => {
  const many = Array.from({ length: 500 }, (_, token) => ({ ...lost, lostToken: token }));
  const told = news({ postMortems: many, waitingFor: 'x'.repeat(500) });
  const state = play(fresh, start, { type: 'news', news: told, at: at(20) });
  for (const language of ['en', 'zh'] as const) {
    const text = dashboard(state, language, at(30));
    expect(Buffer.byteLength(text)).toBeLessThan(20_000);
    for (const item of CHECKLIST) expect(text).toContain(item[language]);
    for (const stage of stagesOf({})) expect(text).toContain(`| ${stage} |`);
  }
});

test('only training that leaves a checkpoint is evaluated in spite of its failure', () => {
  const failure = { type: 'Diverged', message: 'loss is nan' };
  expect(judge('full-train', failure, true)).toBe('evaluate-checkpoint');
  expect(judge('full-train', failure, false)).toBe('fail');
  expect(judge('smoke-train', failure, true)).toBe('fail');
  expect(judge('full-train', { ...failure, type: 'BadData' }, true)).toBe('fail');
  expect(failureSentence('full-train', failure, false)).toContain('not finite: loss is nan');
});

test.each(['BadData', 'MissingTool', 'NoProgress', 'OutOfResources'])(
  '%s: what to do is said',
  (type) => {
    for (const zh of [false, true]) expect(advice('p', { type, message: '' }, zh)).not.toBe('');
  },
);

test('a failure that a person cannot mend gets no advice', () => {
  expect(advice('p', { type: 'Diverged', message: '' }, false)).toBe('');
});
