import { describe, expect, it } from 'vitest';
import type { TrainerExit } from '../../src/activities/deps.js';
import { exitMessage, exitTail, judgeExit, type Reason } from '../../src/activities/judge-exit.js';
import type { ResultEvent } from '../../src/contracts/events.js';

const RESULT = { type: 'result', command: 'train' } as ResultEvent;
const exit = (code: number | null, signal: string | null = null): TrainerExit => ({
  code,
  signal,
  lastError: null,
  result: code === 0 ? RESULT : null,
  logTail: [],
});
const KILLED = exit(null, 'SIGKILL');

const REASONS: readonly (Reason | null)[] = [
  null,
  'cancel-requested',
  'activity-paused',
  'worker-shutdown',
  'connection-lost',
  'superseded',
  'hung',
];

/** Rows: how the trainer ended; columns in the order of REASONS. `type/ending` is a failure. */
const TABLE: readonly [string, TrainerExit, readonly string[]][] = [
  [
    '0 with result',
    exit(0),
    ['finish', 'finish', 'finish', 'finish', 'rethrow', 'Superseded/null', 'finish'],
  ],
  [
    '0 without',
    { ...exit(0), result: null },
    [
      'TrainerCrashed/crashed',
      'stop',
      'rethrow',
      'Preempted/preempted',
      'rethrow',
      'Superseded/null',
      'TrainerHung/crashed',
    ],
  ],
  [
    '64',
    exit(64),
    [
      'BadSpec/failed',
      'BadSpec/failed',
      'BadSpec/failed',
      'Preempted/preempted',
      'rethrow',
      'Superseded/null',
      'TrainerHung/crashed',
    ],
  ],
  [
    '65',
    exit(65),
    [
      'BadData/failed',
      'BadData/failed',
      'BadData/failed',
      'Preempted/preempted',
      'rethrow',
      'Superseded/null',
      'TrainerHung/crashed',
    ],
  ],
  [
    '66',
    exit(66),
    [
      'Diverged/failed',
      'Diverged/failed',
      'Diverged/failed',
      'Preempted/preempted',
      'rethrow',
      'Superseded/null',
      'TrainerHung/crashed',
    ],
  ],
  [
    '69',
    exit(69),
    [
      'OutOfResources/failed',
      'OutOfResources/failed',
      'OutOfResources/failed',
      'Preempted/preempted',
      'rethrow',
      'Superseded/null',
      'TrainerHung/crashed',
    ],
  ],
  [
    '75',
    exit(75),
    [
      'Preempted/preempted',
      'stop',
      'rethrow',
      'Preempted/preempted',
      'rethrow',
      'Superseded/null',
      'TrainerHung/crashed',
    ],
  ],
  [
    '1',
    exit(1),
    [
      'TrainerCrashed/crashed',
      'stop',
      'rethrow',
      'Preempted/preempted',
      'rethrow',
      'Superseded/null',
      'TrainerHung/crashed',
    ],
  ],
  [
    'SIGKILL',
    KILLED,
    [
      'TrainerCrashed/crashed',
      'stop',
      'rethrow',
      'Preempted/preempted',
      'rethrow',
      'Superseded/null',
      'TrainerHung/crashed',
    ],
  ],
  [
    'no program',
    { ...exit(null), logTail: ['spawn python ENOENT'] },
    [
      'MissingTool/failed',
      'stop',
      'rethrow',
      'Preempted/preempted',
      'rethrow',
      'Superseded/null',
      'TrainerHung/crashed',
    ],
  ],
];

describe('judgeExit', () => {
  it.each(TABLE)('%s', (_name, ended, expected) => {
    const verdicts = REASONS.map((reason) => {
      const verdict = judgeExit(ended, reason);
      return verdict.action === 'fail' ? `${verdict.type}/${verdict.ending}` : verdict.action;
    });
    expect(verdicts).toEqual(expected);
  });

  it('tells every mistake of an error event', () => {
    const lastError = {
      type: 'error',
      reason: 'data',
      message: 'rows.jsonl is damaged',
      mistakes: ['row 3: no question', 'row 9: no answer'],
    } as const;
    expect(exitMessage({ ...exit(65), lastError }, null)).toBe(
      'rows.jsonl is damaged; row 3: no question; row 9: no answer',
    );
    // The log says the same at more length.
    expect(exitTail({ ...exit(65), lastError, logTail: ['rows.jsonl is damaged'] })).toEqual([]);
    expect(exitTail({ ...KILLED, logTail: ['a line'] })).toEqual(['a line']);
    expect(exitMessage(KILLED, null)).toBe('The trainer was ended by SIGKILL');
  });
});
