import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ValidationLog } from '../../../src/activities/gpu/validation-log.js';
import type { ValidationEvent } from '../../../src/contracts/events.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const event = (step: number) => ({ step, nll: 1, best: false }) as ValidationEvent;

test('a validation that could not be noted keeps no later one from it', async () => {
  const folder = temporaryFolder();
  const log = new ValidationLog(folder, 'a'.repeat(64));
  const inTheWay = join(folder, `validation-${'a'.repeat(16)}.jsonl`);
  await mkdir(inTheWay);
  await expect(log.note(event(1))).rejects.toThrow();
  await rmdir(inTheWay);
  await log.note(event(2));
  expect((await log.read()).map(({ step }) => step)).toEqual([2]);
});
