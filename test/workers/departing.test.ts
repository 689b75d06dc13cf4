import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { CLOUDS, type ProfileName } from '../../src/contracts/notice.js';
import type { Departure } from '../../src/notices/departure.js';
import { CLOUD_FACTS } from '../../src/notices/profiles.js';
import type { NoticeSettings } from '../../src/notices/settings.js';
import { type MockCloudServer, startMockCloud } from '../../src/mock-cloud/server.js';
import { watchDeparture } from '../../src/workers/departing.js';
import { until } from '../support/until.js';

interface World {
  readonly server: MockCloudServer;
  readonly profiles: ProfileName[];
  readonly departure: Departure;
  readonly ask: (signal: string) => void;
}

const SEEN = new Date('2026-11-30T12:00:00.000Z');

async function world(
  changes: Partial<NoticeSettings>,
  prepare: (server: MockCloudServer) => void = () => undefined,
): Promise<World> {
  const server = await startMockCloud();
  prepare(server);
  const clouds = Object.fromEntries(
    CLOUDS.map((name) => {
      const { windowSeconds } = CLOUD_FACTS[name];
      return [name, { endpoint: server.endpoints[name], windowSeconds, pollMs: 5 }];
    }),
  ) as NoticeSettings['clouds'];
  const usual = { requestMs: 5000, detectMs: 5000, signalSeconds: null, marginSeconds: 5 };
  const settings: NoticeSettings = {
    ...{ profile: 'auto', hint: null, clouds, rebalance: 'note', ...usual },
    ...changes,
  };
  const over = new AbortController();
  const profiles: ProfileName[] = [];
  let ask = (_signal: string): void => undefined;
  const departure = watchDeparture(settings, {
    log: pino({ level: 'silent' }),
    now: () => SEEN,
    onAsked: (listener) => void (ask = listener),
    onProfile: (profile) => void profiles.push(profile),
    signal: over.signal,
  });
  onTestFinished(async () => {
    over.abort();
    await server.close();
  });
  return { server, profiles, departure, ask: (signal) => ask(signal) };
}

const secondsLeft = ({ notice }: Departure): number =>
  (Date.parse(notice?.stopAt ?? '') - SEEN.getTime()) / 1000;

test('its cloud is found out beside it, and its notice ends the stay', async () => {
  const { departure, profiles, server } = await world({}, ({ tell }) => {
    for (const name of CLOUDS) tell(name, { present: name === 'aliyun' });
  });
  await until('a profile', () => profiles.length === 1);
  expect(profiles).toEqual(['aliyun']);
  expect(departure.signal.aborted).toBe(false);
  server.tell('aliyun', { noticeAfterSeconds: 0, stopAfterSeconds: 300 });
  await until('a notice', () => departure.signal.aborted);
  expect(departure.notice).toMatchObject({ source: 'aliyun', kind: 'stop' });
});

test('a cloud that is named is not looked for', async () => {
  const { departure, server } = await world({ profile: 'tencent' }, ({ tell }) =>
    tell('tencent', { noticeAfterSeconds: 0 }),
  );
  await until('a notice', () => departure.signal.aborted);
  const others = CLOUDS.filter((name) => name !== 'tencent');
  expect(others.flatMap((name) => server.requests[name])).toEqual([]);
});

test('what the platform’s variables say comes before asking anybody', async () => {
  const { profiles, server } = await world({ hint: 'runpod' });
  await until('a profile', () => profiles.length === 1);
  expect(profiles).toEqual(['runpod']);
  expect(CLOUDS.flatMap((name) => server.requests[name])).toEqual([]);
});

test.each([
  ['none', null, 20],
  ['aws', null, 30],
  ['runpod', null, 5],
  ['runpod', 20, 20],
  ['none', 0, 0],
] as const)('SIGTERM at %s with setting %s leaves %d s', async (profile, signalSeconds, left) => {
  const { departure, profiles, ask } = await world({ profile, signalSeconds });
  await until('a profile', () => profiles.length === 1);
  ask('SIGTERM');
  expect(departure.notice).toMatchObject({ source: 'signal', action: 'SIGTERM' });
  expect(secondsLeft(departure)).toBe(left);
});

test('a rebalance recommendation is noted, or is a stop a window from now, as set', async () => {
  const rebalance = (server: MockCloudServer): void =>
    server.tell('aws', { rebalanceAfterSeconds: 0 });
  const noted = await world({ profile: 'aws' }, rebalance);
  await until('questions', () => noted.server.requests.aws.length > 6);
  expect(noted.departure.signal.aborted).toBe(false);
  const left = await world({ profile: 'aws', rebalance: 'leave' }, rebalance);
  await until('a stop', () => left.departure.signal.aborted);
  expect(left.departure.notice).toMatchObject({ source: 'aws', action: 'rebalance' });
  expect(secondsLeft(left.departure)).toBe(120);
});
