import { expect, test } from 'vitest';
import { newestOfEach } from '../../../src/cli/commands/list.js';

test('the newest run stands for its plan, newest plans first', () => {
  const run = (planId: string, startedAt: string) => ({ planId, startedAt, status: '', stage: '' });
  const runs = [
    run('a', '2026-11-24T08:00:00.000Z'),
    run('b', '2026-11-24T09:00:00.000Z'),
    run('a', '2026-11-24T10:00:00.000Z'),
    run('a', '2026-11-23T10:00:00.000Z'),
  ];
  expect(newestOfEach(runs)).toEqual([runs[2], runs[1]]);
});
