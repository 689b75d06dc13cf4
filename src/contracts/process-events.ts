import { z } from 'zod';
import { OutOfResource } from './budget.js';

/** The first line of every command. */
export const Started = z.strictObject({
  type: z.literal('started'),
  command: z.enum([
    'download',
    'convert',
    'validate',
    'train',
    'sample',
    'evaluate',
    'merge',
    'compare',
    'gather',
    'strategies',
    'trace',
  ]),
  pid: z.int(),
  pythonVersion: z.string(),
  torchVersion: z.string().nullable(),
  device: z.string(),
  threads: z.int().nullable(),
});

/** Long work without steps: bytes of a download, rows of a conversion. */
export const Progress = z.strictObject({
  type: z.literal('progress'),
  what: z.string(),
  done: z.int(),
  total: z.int().nullable(),
  unit: z.enum(['bytes', 'rows', 'questions', 'files']),
});

/** The answer to a line `ping ID` on stdin: the process runs, whatever its work is at. */
export const Pong = z.strictObject({ type: z.literal('pong'), id: z.int() });

export const Warning = z.strictObject({
  type: z.literal('warning'),
  message: z.string(),
});

/** Before exit 75: asked to stop, it has staged all that it did, and computes nothing more. */
export const Stopped = z.strictObject({ type: z.literal('stopped'), message: z.string() });

/** Before exit 69: the token budget that the next attempt should try. */
export const BudgetEvent = z.strictObject({
  type: z.literal('budget'),
  ...OutOfResource.shape,
});

export const ErrorEvent = z.strictObject({
  type: z.literal('error'),
  reason: z.enum(['spec', 'data', 'weights', 'diverged', 'resources', 'network', 'internal']),
  message: z.string().describe('one or two lines: what, to which thing, what to do'),
  mistakes: z.array(z.string()).describe('every mistake, one line each'),
});
