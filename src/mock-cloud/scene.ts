import type { MockBehaviour } from './behaviour.js';

export interface MockRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface MockAnswer {
  readonly status: number;
  readonly body: string;
  readonly etag?: string;
}

/** One cloud as it stands at a request: what it was told, and what its clock makes of that. */
export interface Scene {
  readonly behaviour: MockBehaviour;
  /** Of the stop that it announces, on its clock; null: none stands. */
  readonly stopAt: Date | null;
  /** When its rebalance recommendation came, on its clock; null: none stands. */
  readonly rebalancedAt: Date | null;
  readonly tokens: Set<string>;
  /** After a change of what it was told or of what stands, or so many seconds: as it is then. */
  changed(seconds: number): Promise<Scene>;
}

/** What one cloud answers below its own root. */
export type MockCloud = (request: MockRequest, scene: Scene) => MockAnswer | Promise<MockAnswer>;

export const NOT_FOUND: MockAnswer = { status: 404, body: '404 - Not Found' };
export const ok = (body: string): MockAnswer => ({ status: 200, body });

/** A time as the cloud writes it, or what the fault makes of it. */
export function written(scene: Scene, text: string): MockAnswer {
  if (scene.behaviour.fault === 'malformed') return ok('<html><body>sign in</body></html>');
  return ok(scene.behaviour.fault === 'no-time' ? 'soon' : text);
}
