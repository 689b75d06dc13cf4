import { expect, it } from 'vitest';
import { Departure, isStop, type StopNotice } from '../../src/notices/departure.js';

const seenAt = '2026-11-30T12:00:00.000Z';
const stop = (minute: number, changes: Partial<StopNotice> = {}): StopNotice => ({
  kind: 'stop',
  source: 'aws',
  action: 'terminate',
  stopAt: `2026-11-30T12:0${minute}:00.000Z`,
  seenAt,
  ...changes,
});

it('begins with the first notice and keeps who gave it', () => {
  const departure = new Departure();
  expect(departure.signal.aborted).toBe(false);
  expect(departure.notice).toBeNull();
  departure.tell(stop(2));
  expect(departure.signal.aborted).toBe(true);
  departure.tell(stop(1, { source: 'signal', action: 'SIGTERM' }));
  expect(departure.notice).toEqual(stop(1));
});

it('never becomes later, and tells listeners only when it becomes sooner', () => {
  const departure = new Departure();
  const heard: (string | undefined)[] = [];
  const away = departure.onSooner(() => heard.push(departure.notice?.stopAt));
  for (const minute of [3, 4, 3, 2]) departure.tell(stop(minute));
  expect(heard).toEqual([stop(3).stopAt, stop(2).stopAt]);
  away();
  departure.tell(stop(1));
  expect(heard).toHaveLength(2);
});

it('a rebalance recommendation is no stop', () => {
  expect(isStop(stop(1))).toBe(true);
  expect(isStop({ ...stop(1), kind: 'rebalance', stopAt: null })).toBe(false);
});
