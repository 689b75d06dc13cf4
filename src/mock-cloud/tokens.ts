import { randomUUID } from 'node:crypto';
import { type MockAnswer, type MockRequest, NOT_FOUND, ok, type Scene } from './scene.js';

const PATH = '/latest/api/token';

export interface MockTokenHeaders {
  readonly ttl: string;
  readonly token: string;
}

/** What a service that knows tokens says before it looks at the path; null: go on. */
export function atTokens(
  { method, path, headers }: MockRequest,
  { behaviour, tokens }: Scene,
  names: MockTokenHeaders,
): MockAnswer | null {
  if (path === PATH) {
    if (behaviour.tokens === 'absent') return NOT_FOUND;
    if (behaviour.tokens === 'refused') return { status: 403, body: '403 - Forbidden' };
    if (method !== 'PUT') return { status: 405, body: '405 - Method Not Allowed' };
    if (!Number.isInteger(Number(headers[names.ttl] ?? Number.NaN))) {
      return { status: 400, body: '400 - Bad Request' };
    }
    const token = randomUUID();
    tokens.add(token);
    return ok(token);
  }
  const shown = headers[names.token];
  if (typeof shown === 'string' && tokens.has(shown)) return null;
  const open = behaviour.tokens === 'optional' || behaviour.tokens === 'absent';
  return open && shown === undefined ? null : { status: 401, body: '401 - Unauthorized' };
}
