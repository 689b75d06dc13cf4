import { describe, expect, it } from 'vitest';
import { CLOUDS, type CloudName, type Notice } from '../../src/contracts/notice.js';
import { detectCloud } from '../../src/notices/detect.js';
import { until } from '../support/until.js';
import { mockCloud, watched, WINDOW_SECONDS } from './support/watched.js';

export interface Traits {
  readonly name: CloudName;
  readonly action: string;
  /** Whether a notice says when. */
  readonly tellsTime: boolean;
  /** Whether it may come without a readable time and still be one. */
  readonly withoutTime: boolean;
  readonly tokens: boolean;
  /** Whether a question waits for news, so that there are few of them. */
  readonly hangs?: boolean;
}

/** Clouds write whole seconds, and so does the Date header. */
const ROUNDING_MS = 2000;
const at = (time: string | null): number => Date.parse(time ?? '');

/** That the stop is `seconds` after a moment that lay between these two. */
function expectStop({ stopAt }: Notice, seconds: number, from: number, to = Date.now()): void {
  expect(at(stopAt)).toBeGreaterThanOrEqual(from + seconds * 1000 - ROUNDING_MS);
  expect(at(stopAt)).toBeLessThanOrEqual(to + seconds * 1000 + ROUNDING_MS);
}

const secondsLeft = ({ stopAt, seenAt }: Notice): number => (at(stopAt) - at(seenAt)) / 1000;

/** What every watcher of a cloud does, over real HTTP against its mock. */
export function cloudContract(traits: Traits): void {
  const { name } = traits;
  describe(`${name}: a notice`, () => noticeContract(traits));
  describe(`${name}: its time`, () => timeContract(traits));
  describe(`${name}: trouble`, () => troubleContract(traits));
  if (traits.tokens) describe(`${name}: tokens`, () => tokenContract(traits));
  describe(`${name}: detection`, () => detectionContract(traits));
}

function noticeContract({ name, action, hangs = false }: Traits): void {
  it('is not seen where none stands', async () => {
    const { asked, notices, log } = await watched(name, {});
    await asked(hangs ? 2 : 8);
    expect(notices).toEqual([]);
    expect(log).toEqual([]);
  });

  it('that stands from the start is told, once', async () => {
    const { asked, notice, notices } = await watched(name, { noticeAfterSeconds: 0 });
    expect(await notice()).toMatchObject({ kind: 'stop', source: name, action });
    await asked(hangs ? 2 : 8);
    expect(notices).toHaveLength(1);
  });

  it('that appears while it is watched for is told', async () => {
    const { asked, notice, notices, tell } = await watched(name, {});
    await asked(1);
    expect(notices).toEqual([]);
    tell({ noticeAfterSeconds: 0.05 });
    expect(await notice()).toMatchObject({ kind: 'stop', action });
  });

  it('is not waited for after the end, whatever hangs', async () => {
    const { asked, end, tell, server } = await watched(name, {});
    await asked(1);
    tell({ fault: 'hang' });
    await end();
    await server.close();
  });
}

function timeContract({ name, tellsTime, withoutTime }: Traits): void {
  it('is the one that the cloud tells', async () => {
    const from = Date.now();
    const { notice } = await watched(name, { noticeAfterSeconds: 0, stopAfterSeconds: 60 });
    const seen = await notice();
    if (tellsTime) expectStop(seen, 60, from);
    else expect(secondsLeft(seen)).toBe(WINDOW_SECONDS);
  });

  it.each([-7200, -90, 90, 7200])('does not go by %d s of a wrong clock', async (skewSeconds) => {
    const from = Date.now();
    const behaviour = { noticeAfterSeconds: 0, stopAfterSeconds: 60, skewSeconds };
    const { notice } = await watched(name, behaviour);
    expectStop(await notice(), tellsTime ? 60 : WINDOW_SECONDS, from);
  });

  it('in the past means now, and none is later than a window from now', async () => {
    const behaviour = { noticeAfterSeconds: 0, tellsDate: false };
    const past = await watched(name, { ...behaviour, stopAfterSeconds: -3600 });
    expect(secondsLeft(await past.notice())).toBe(tellsTime ? 0 : WINDOW_SECONDS);
    const far = await watched(name, { ...behaviour, stopAfterSeconds: 86_400 });
    expect(secondsLeft(await far.notice())).toBe(WINDOW_SECONDS);
  });

  it('that cannot be read is a window from now, where the rest says that the host goes', async () => {
    const { log, notice, notices } = await watched(name, {
      noticeAfterSeconds: 0,
      fault: 'no-time',
    });
    if (withoutTime) return expect(secondsLeft(await notice())).toBe(WINDOW_SECONDS);
    await until('a line of the log', () => log.length > 0);
    expect(notices).toEqual([]);
    expect(log[0]).toContain('what is no notice');
  });
}

function troubleContract({ name, action }: Traits): void {
  it.each(['malformed', 'error', 'hang'] as const)(
    '%s is no notice, is logged once, and hides none that comes later',
    async (fault) => {
      const behaviour = { noticeAfterSeconds: 0, fault } as const;
      const { asked, log, notice, notices, tell } = await watched(name, behaviour, {
        requestMs: fault === 'hang' ? 300 : 5000,
      });
      await until('a line of the log', () => log.length > 0);
      if (fault !== 'hang') await asked(8);
      expect(notices).toEqual([]);
      tell({ noticeAfterSeconds: 0 });
      expect(await notice()).toMatchObject({ kind: 'stop', action });
      const told = log.map((line) => (JSON.parse(line) as { msg: string }).msg);
      // On a busy machine an answer may be too late for the short patience with one that hangs.
      const once = fault === 'hang' ? told.slice(0, 2) : told;
      expect(once).toEqual(['no notice could come through', 'notices can come through again']);
    },
  );

  it('a service that is not there is no notice', async () => {
    const { log, notices } = await watched(name, {}, { endpoint: 'http://127.0.0.1:1' });
    await until('a line of the log', () => log.length > 0);
    expect(notices).toEqual([]);
  });
}

function tokenContract({ name, action }: Traits): void {
  it.each(['required', 'optional', 'absent'] as const)('%s: it is watched', async (tokens) => {
    const { notice } = await watched(name, { tokens, noticeAfterSeconds: 0 });
    expect(await notice()).toMatchObject({ kind: 'stop', action });
  });

  it('one is fetched for many questions, and shown to nobody', async () => {
    const { asked, log, server } = await watched(name, { tokens: 'required' });
    await asked(8);
    const fetched = server.requests[name].filter(({ request }) => request.startsWith('PUT'));
    expect(fetched).toEqual([{ request: 'PUT /latest/api/token', status: 200 }]);
    expect(log).toEqual([]);
  });

  it('refused: no notice, until they are given', async () => {
    const { log, notice, notices, tell } = await watched(name, {
      tokens: 'refused',
      noticeAfterSeconds: 0,
    });
    await until('a line of the log', () => log.length > 0);
    expect(log[0]).toContain('refuses with 401');
    expect(notices).toEqual([]);
    tell({ tokens: 'required', noticeAfterSeconds: 0 });
    expect(await notice()).toMatchObject({ kind: 'stop', action });
  });
}

function detectionContract({ name }: Traits): void {
  it('knows its own service at whatever address, and no other does', async () => {
    const { endpoints } = await mockCloud();
    const everywhere = Object.fromEntries(CLOUDS.map((each) => [each, endpoints[name]]));
    expect(await detectCloud(everywhere as typeof endpoints, 5000)).toBe(name);
  });

  it('finds it among those that are not there, hang, or are broken', async () => {
    const server = await mockCloud();
    const odd = [{ present: false }, { fault: 'hang' }, { fault: 'error' }] as const;
    CLOUDS.filter((each) => each !== name).forEach((each, index) =>
      server.tell(each, odd[index % odd.length]!),
    );
    expect(await detectCloud(server.endpoints, 1500)).toBe(name);
    server.tell(name, { present: false });
    expect(await detectCloud(server.endpoints, 300)).toBeNull();
  });
}
