import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import type { CloudName, Notice } from '../../../src/contracts/notice.js';
import type { MockBehaviourInput } from '../../../src/mock-cloud/behaviour.js';
import { type MockCloudServer, startMockCloud } from '../../../src/mock-cloud/server.js';
import { watchCloud, type WatchSettings } from '../../../src/notices/watch.js';
import { until } from '../../support/until.js';

export const WINDOW_SECONDS = 100;

export async function mockCloud(): Promise<MockCloudServer> {
  const server = await startMockCloud();
  onTestFinished(() => server.close());
  return server;
}

export interface Watched {
  readonly server: MockCloudServer;
  readonly notices: Notice[];
  /** Messages of the log, with why. */
  readonly log: string[];
  readonly tell: (behaviour: MockBehaviourInput) => void;
  /** The next notice that comes. */
  readonly notice: () => Promise<Notice>;
  /** Until so many questions have come since the mock's start: one that hangs may be among them. */
  readonly asked: (times: number) => Promise<void>;
  readonly end: () => Promise<void>;
}

/** A watcher of one cloud over real HTTP. */
export async function watched(
  cloud: CloudName,
  behaviour: MockBehaviourInput,
  changes: Partial<WatchSettings> = {},
): Promise<Watched> {
  const server = await mockCloud();
  server.tell(cloud, behaviour);
  const notices: Notice[] = [];
  const log: string[] = [];
  const over = new AbortController();
  const settings = {
    endpoint: server.endpoints[cloud],
    windowSeconds: WINDOW_SECONDS,
    pollMs: 5,
    requestMs: 5000,
    ...changes,
  };
  const ended = watchCloud(cloud, settings, {
    now: () => new Date(),
    log: pino({ level: 'info' }, { write: (line: string) => void log.push(line) }),
    onNotice: (notice) => void notices.push(notice),
    signal: over.signal,
  });
  const end = async (): Promise<void> => {
    over.abort();
    await ended;
  };
  onTestFinished(end);
  let seen = 0;
  return {
    server,
    notices,
    log,
    end,
    tell: (next) => server.tell(cloud, next),
    notice: async () => {
      await until(`notice ${seen + 1} of ${cloud}`, () => notices.length > seen);
      return notices[seen++]!;
    },
    asked: async (times) => {
      await until(`question ${times}`, () => server.requests[cloud].length >= times);
    },
  };
}
