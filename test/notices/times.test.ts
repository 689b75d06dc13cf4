import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { httpTime, isoTime, plainTime, stopTime } from '../../src/notices/times.js';

const NOON = '2026-11-30T12:00:00.000Z';

describe('times as clouds write them', () => {
  it.each([
    ['AWS, Aliyun', isoTime, '2026-11-30T12:00:00Z'],
    ['with fractions', isoTime, '2026-11-30T12:00:00.000Z\n'],
    ['without seconds', isoTime, '2026-11-30T12:00Z'],
    ['with an offset', isoTime, '2026-11-30T20:00:00+08:00'],
    ['Tencent', (text: string) => plainTime(text, '+08:00'), '2026-11-30 20:00:00'],
    ['Volcengine', (text: string) => plainTime(text, 'Z'), '2026-11-30 12:00:00'],
    ['Azure', httpTime, 'Mon, 30 Nov 2026 12:00:00 GMT'],
  ])('%s', (_, read, text) => {
    expect(read(text)?.toISOString()).toBe(NOON);
  });

  it.each([
    [isoTime, ''],
    [isoTime, '2026-11-30T12:00:00'],
    [isoTime, '2026-13-30T12:00:00Z'],
    [isoTime, '1764504000'],
    [(text: string) => plainTime(text, '+08:00'), '2026-11-30T20:00:00'],
    [(text: string) => plainTime(text, '+08:00'), '2026-11-30 25:00:00'],
    [httpTime, 'Mon, 30 Nov 2026 12:00:00'],
    [httpTime, '<html>'],
  ])('what is no such time is none', (read, text) => {
    expect(read(text)).toBeNull();
  });
});

const seenAt = new Date(NOON);
const after = (seconds: number): Date => new Date(seenAt.getTime() + seconds * 1000);

describe('stopTime', () => {
  it.each([
    ['as told', { stopAt: after(60), serverDate: null }, 60],
    ['the window, where no time is told', { stopAt: null, serverDate: null }, 120],
    ['now, where it is past', { stopAt: after(-1), serverDate: null }, 0],
    ['the window, where it is later', { stopAt: after(121), serverDate: null }, 120],
    ['by a clock that is 10 min ahead', { stopAt: after(660), serverDate: after(600) }, 60],
    ['by a clock that is 10 min behind', { stopAt: after(-540), serverDate: after(-600) }, 60],
  ])('%s', (_, told, seconds) => {
    expect(stopTime({ ...told, seenAt, windowSeconds: 120 })).toEqual(after(seconds));
  });

  const time = fc.option(fc.integer({ min: -1e6, max: 1e6 }).map(after), { nil: null });
  const window = fc.integer({ min: 0, max: 600 });

  it('lies between now and a window from now, whatever is told', () => {
    fc.assert(
      fc.property(time, time, window, (stopAt, serverDate, windowSeconds) => {
        const stop = stopTime({ stopAt, serverDate, seenAt, windowSeconds }).getTime();
        expect(stop).toBeGreaterThanOrEqual(seenAt.getTime());
        expect(stop).toBeLessThanOrEqual(after(windowSeconds).getTime());
      }),
    );
  });

  it('does not depend on what a clock is wrong by, where the cloud tells its own', () => {
    fc.assert(
      fc.property(fc.integer({ min: -600, max: 600 }), fc.integer(), window, (left, skew, w) => {
        const at = (wrong: number) =>
          stopTime({
            stopAt: after(left + wrong),
            serverDate: after(wrong),
            seenAt,
            windowSeconds: w,
          });
        expect(at(skew % 1e6)).toEqual(at(0));
      }),
    );
  });
});
