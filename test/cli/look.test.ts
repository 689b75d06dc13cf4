import { expect, test } from 'vitest';
import { changes } from '../../src/cli/changes.js';
import { closedByServer } from '../../src/cli/look.js';
import { renderState } from '../../src/cli/render-state.js';
import { hasEnded, PlanState } from '../../src/contracts/state.js';

const AT = '2026-11-24T20:00:00.000Z';
const stage = (name: string, status: string) => ({
  ...{ name, status, attempts: 1, seconds: 2, cached: false, startedAt: AT },
  ...{ finishedAt: null, message: null },
});
const running = PlanState.parse({
  ...{ planId: 'p', title: 'A plan', status: 'running', startedAt: AT, deadlineAt: AT },
  stages: [stage('smoke-train', 'finished'), stage('full-train', 'running')],
  ...{ current: null, quote: null, gate: { status: 'closed', approvedBy: null, at: null } },
  ...{ interruptions: [], spentFen: 5, capFen: 500, stoppedAtCap: false, ticked: {} },
  failure: null,
});

test.each([
  ['TERMINATED', 'a test', 'failed', 'The server has closed this run (terminated: a test).'],
  ['TIMED_OUT', null, 'failed', 'The server has closed this run (timed out).'],
  ['CANCELLED', null, 'cancelled', 'The server has closed this run (cancelled).'],
])('a run that the server has closed as %s has ended', (server, reason, status, failure) => {
  const state = closedByServer(running, server, reason);
  expect(hasEnded(state.status)).toBe(true);
  expect(PlanState.parse(state)).toMatchObject({ status, failure });
  expect(state.stages.map((one) => one.status)).toEqual(['finished', status]);
  const place = { home: '/home', before: '' };
  const shown = renderState(state, { progress: null, lastFailure: null }, place);
  expect(shown).toContain(failure);
  expect(shown).toContain('dream-sft retry p --from STAGE');
  expect(shown).not.toContain('running');
  const seen = new Map<string, string>();
  changes(running, seen);
  expect(changes(state, seen).at(-1)).toBe(failure);
});
