/** `2026-11-30T12:00:00Z`, with fractions or an offset too; null: something else. */
export function isoTime(text: string): Date | null {
  const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;
  return form.test(text.trim()) ? dateOrNull(text.trim()) : null;
}

/** `2026-11-30 20:00:00` on a clock that is so far from UTC; null: something else. */
export function plainTime(text: string, offset: '+08:00' | 'Z'): Date | null {
  const found = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)$/.exec(text.trim());
  return found ? dateOrNull(`${found[1]}T${found[2]}${offset}`) : null;
}

/** `Mon, 30 Nov 2026 12:00:00 GMT`; null: something else. */
export function httpTime(text: string): Date | null {
  const form = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;
  return form.test(text.trim()) ? dateOrNull(text.trim()) : null;
}

function dateOrNull(text: string): Date | null {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? null : date;
}

export interface ToldTime {
  /** As the cloud tells it; null: it only says that it will be. */
  readonly stopAt: Date | null;
  /** Its clock when it said so; null: unknown. */
  readonly serverDate: Date | null;
  /** Ours at the same moment. */
  readonly seenAt: Date;
  readonly windowSeconds: number;
}

/**
 * When the host goes, on its own clock. What its clock is wrong by is taken from the answer itself.
 * Never later than a whole window from now, never before now: a time in the past means at any moment.
 */
export function stopTime({ stopAt, serverDate, seenAt, windowSeconds }: ToldTime): Date {
  const seen = seenAt.getTime();
  const latest = seen + windowSeconds * 1000;
  if (stopAt === null) return new Date(latest);
  const skew = serverDate === null ? 0 : serverDate.getTime() - seen;
  return new Date(Math.min(latest, Math.max(seen, stopAt.getTime() - skew)));
}
