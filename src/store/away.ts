import { StoreAwayError } from './errors.js';
import { codeOf, statusOf } from './s3-client.js';

/** By S3's code, Node's code or the error's name: what passes without anybody correcting anything. */
const PASSING: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'EAI_AGAIN',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'TimeoutError',
  'SlowDown',
  'ServiceUnavailable',
  'InternalError',
]);
const TOO_MANY_REQUESTS = 429;

/** Whether the store did not answer, or answered that it cannot now; a wrong setting is no such thing. */
export function storeIsAway(error: unknown): boolean {
  if (error instanceof StoreAwayError) return true;
  const node = error instanceof Error && 'code' in error ? String(error.code) : '';
  const name = error instanceof Error ? error.name : '';
  if ([codeOf(error), node, name].some((word) => PASSING.has(word))) return true;
  const status = statusOf(error);
  return status === TOO_MANY_REQUESTS || status >= 500;
}
