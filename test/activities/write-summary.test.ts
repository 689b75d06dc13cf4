import { ApplicationFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import { writeSummary } from '../../src/activities/write-summary.js';
import type { Summary } from '../../src/contracts/state.js';
import { temporaryFolder } from '../support/temporary-folder.js';

test('a summary that is none is refused for good, in one line', async () => {
  const write = writeSummary({ home: temporaryFolder(), uiUrl: '' } as never);
  const summary = { planId: 'p', wallSeconds: 'long' } as unknown as Summary;
  const error = await write({ summary }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ApplicationFailure);
  expect(error).toMatchObject({ nonRetryable: true, type: 'BadSummary' });
  expect((error as Error).message).toContain('wallSeconds');
  expect((error as Error).message).not.toContain('\n');
});
