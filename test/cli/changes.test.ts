import { beforeAll, expect, test } from 'vitest';
import { changes } from '../../src/cli/changes.js';
import { renderState } from '../../src/cli/render-state.js';
import type { Quote } from '../../src/contracts/quote.js';
import type { FineTuned, PlanState } from '../../src/contracts/state.js';
import { LIMIT_OF_PLAN } from '../../src/contracts/state.js';
import { dashboard } from '../../src/workflows/policy/dashboard.js';
import { advance, initialState, type PlanEvent } from '../../src/workflows/policy/state.js';
import { comparedOf } from '../../src/contracts/verdict.js';
import { comparison, suiteComparison } from '../helpers/comparison.js';
import { smallPlan } from '../helpers/plans.js';

const AT = '2026-01-01T00:00:00.000Z';
const QUOTE: Quote = {
  trainSeconds: 70,
  evalSecondsEach: 5,
  totalSeconds: 80,
  fen: 3,
  spentFen: 1,
  capFen: 500,
  basis: 'measured',
};
const DIGEST = 'a'.repeat(64);
const MODEL: FineTuned = {
  artifact: { digest: DIGEST, bytes: 1 },
  folder: '',
  tokenizer: { digest: DIGEST, bytes: 1 },
  store: { kind: 'local' },
};

let fresh: PlanState;
beforeAll(async () => {
  fresh = initialState(await smallPlan('tiny'), AT);
});
const play = (...events: PlanEvent[]): PlanState => events.reduce(advance, fresh);
// eslint-disable-next-line no-control-regex
const plain = (text: string): string => text.replace(/\u001b\[[0-9;]*m/g, '');
const told = (state: PlanState, seen = new Map<string, string>()): string[] =>
  changes(state, seen).map(plain);
const screen = (state: PlanState): string =>
  plain(renderState(state, { progress: null, lastFailure: null }, { home: '/home' }));

const QUOTED: PlanEvent[] = [
  { type: 'stageStarted', stage: 'smoke-train', at: AT },
  { type: 'stageFinished', stage: 'smoke-train', at: AT },
  { type: 'quoted', quote: QUOTE, at: AT },
];
const QUOTE_LINE =
  'quote        the rest takes 1 min 20 s and ¥0.03: training 1 min 10 s, two evaluations of 5.0 s each at most';

test('an anchor that does not hold is a warning before full-train, on every screen', () => {
  const anchor = { n: 200, published: 130, default: 100, holds: false };
  const state = play(
    { type: 'stageStarted', stage: 'eval-before', at: AT },
    { type: 'anchored', anchor, at: AT },
    { type: 'stageFinished', stage: 'eval-before', at: AT },
  );
  const words =
    'this harness does not reproduce the published model: 65.0 % under the published settings and 50.0 % under the default ones, 200 gsm8k questions (wanted: at least 70 %, at most 5 points apart)';
  const seen = new Map<string, string>();
  expect(told(state, seen)).toEqual(['eval-before  ✔ finished  0.0 s', `warning      ${words}`]);
  expect(told(state, seen)).toEqual([]);
  expect(screen(state)).toContain(`Warning: ${words}`);
  expect(dashboard(state, 'en', AT)).toContain(`> **Warning:** ${words}`);
  expect(dashboard(state, 'zh', AT)).toContain('> **警告：** 本评测没有复现公布的模型');
  const holds = play({
    type: 'anchored',
    anchor: { ...anchor, published: 162, default: 160, holds: true },
    at: AT,
  });
  expect(screen(holds)).toContain('The anchor holds: 81.0 % under');
  expect(dashboard(holds, 'en', AT)).not.toContain('Warning');
  // Going back to it takes back what it said.
  expect(advance(state, { type: 'wentBack', stage: 'eval-before', at: AT }).anchor).toBeNull();
});

test('quote and gate are told between smoke-train and what follows, once', () => {
  const approved: PlanEvent = { type: 'approved', by: LIMIT_OF_PLAN, at: AT };
  const next: PlanEvent = { type: 'stageStarted', stage: 'eval-before', at: AT };
  const seen = new Map<string, string>();
  expect(told(play(...QUOTED, approved, next), seen)).toEqual([
    'smoke-train  ✔ finished  0.0 s',
    QUOTE_LINE,
    'gate         ✔ passed automatically: the quote is within the limit in the plan',
    'eval-before  ▶ running',
  ]);
  expect(told(play(...QUOTED, approved, next), seen)).toEqual([]);
});

test('a gate that waits says how to answer it, and then who did', () => {
  const seen = new Map<string, string>();
  const waiting = play(...QUOTED, { type: 'awaitingApproval', at: AT });
  expect(told(waiting, seen).slice(1)).toEqual([
    QUOTE_LINE,
    'gate         ? approve with: dream-sft approve tiny',
  ]);
  const approved = advance(waiting, { type: 'approved', by: 'li', at: AT });
  expect(told(approved, seen)).toEqual(['gate         ✔ approved by li']);
});

test('a verdict is told after the evaluation that gave it, and stands on the screen', () => {
  const compared = comparedOf(comparison(suiteComparison()));
  const events: PlanEvent[] = [
    { type: 'stageFinished', stage: 'eval-after', at: AT },
    { type: 'compared', compared, at: AT },
  ];
  const line = 'gsm8k: better, +10.0 points (95 %: +3.1 to +16.9), p 0.012, 200 questions';
  expect(told(play(...events)).at(-1)).toBe(`verdict      ${line}`);
  expect(screen(play(...events))).toContain(`Before/after: ${line}`);
  expect(dashboard(play(...events), 'zh', AT)).toContain('**前后对比** gsm8k：变好，+10.0 分');
  const again = play(...events, { type: 'wentBack', stage: 'eval-after', at: AT });
  expect(again.compared).toBeNull();
  expect(play(...events, { type: 'wentBack', stage: 'report', at: AT }).compared).toBe(compared);
});

test('a quote says what its questions can show', () => {
  const detectable = [{ suite: 'gsm8k', questions: 50, difference: 0.149 }];
  const quoted: PlanEvent = { type: 'quoted', quote: { ...QUOTE, detectable }, at: AT };
  const shows = 'smallest difference that shows: 15 points on gsm8k (50 questions, screening only)';
  expect(told(play(quoted))).toContain(`             ${shows}`);
  expect(screen(play(quoted))).toContain(`The ${shows}.`);
  expect(dashboard(play(quoted), 'en', AT)).toContain(shows);
});

test.each([
  [[{ type: 'paused', stage: null, at: AT }], 'Go on with: dream-sft resume tiny'],
  [
    [{ type: 'ended', status: 'cancelled', failure: null, at: AT }],
    '`dream-sft start PLAN` goes on from its last checkpoint',
  ],
  [[...QUOTED, { type: 'awaitingApproval', at: AT }], 'Approve with: dream-sft approve tiny'],
] satisfies [PlanEvent[], string][])('status says how to go on', (events, says) => {
  expect(screen(play(...events))).toContain(says);
});

test('status of a running plan asks for nothing and says where its model lies', () => {
  const state = play({ type: 'trained', model: MODEL, at: AT });
  expect(screen(state)).toContain('fine-tuned model: artifact aaaaaaaaaaaaaaaa in /home/store');
  expect(screen(state)).toContain('dream-sft export tiny FOLDER');
  expect(screen(state)).toContain('no interruptions');
  expect(screen(play())).not.toMatch(/Go on|start|export/);
});

test('going back before full-train takes the model away, going back behind it does not', () => {
  const trained = play({ type: 'trained', model: MODEL, at: AT });
  expect(advance(trained, { type: 'wentBack', stage: 'eval-after', at: AT }).model).toEqual(MODEL);
  expect(advance(trained, { type: 'wentBack', stage: 'full-train', at: AT }).model).toBeNull();
});

test('a pilot is told candidate by candidate, then what it means for full-train', () => {
  const score = { correct: 120, n: 200, share: 0.6, interval: [0.531, 0.665] as [number, number] };
  const low = { name: 'low', learningRate: 0.00002, view: 'attempt', score, message: null };
  const wild = { ...low, name: 'wild', score: null, message: 'not finite' };
  const pilot = { suite: 'gsm8k', trials: [low], ended: false, chosen: null, clear: false };
  const begun: PlanEvent[] = [
    { type: 'stageStarted', stage: 'pilot', at: AT },
    { type: 'pilotTold', pilot, at: AT },
  ];
  const piloted = { ...fresh, stages: [...fresh.stages, { ...fresh.stages[0]!, name: 'pilot' }] };
  const seen = new Map<string, string>();
  const state = begun.reduce(advance, piloted as PlanState);
  const line =
    '  low (learning rate 0.00002, view attempt): 60.0 % of 200 (95 %: 53.1 % to 66.5 %)';
  expect(told(state, seen).slice(-1)).toEqual([line]);
  const decided = { ...pilot, trials: [low, wild], ended: true, chosen: 'low' };
  const next = advance(state, { type: 'pilotTold', pilot: decided, at: AT });
  // Seen in one look: that it is over comes last.
  const over = advance(next, { type: 'stageFinished', stage: 'pilot', at: AT });
  expect(told(over, new Map(seen)).at(-1)).toMatch(/^pilot +✔ finished/);
  expect(told(next, seen)).toEqual([
    '  wild (learning rate 0.00002, view attempt): not finite',
    '  full-train takes the values of low; its lead is within chance',
  ]);
  expect(screen(next)).toContain('Pilot: full-train takes the values of low');
});
