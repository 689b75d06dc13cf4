import type { StageTiming } from '../deps.js';
import type { Pace } from './pace.js';

/** Until it has shown its pace a trainer may load weights, or decode its first batch, for long. */
export function patienceMs(timing: StageTiming, usualMs: number | null): number {
  if (usualMs === null) return timing.startFloorMs;
  return Math.max(timing.hangFloorMs, timing.hangFactor * usualMs);
}

/** Whether a trainer has been silent for too long. */
export function isSilent(timing: StageTiming, pace: Pace, now: number): boolean {
  const usualMs = pace.secondsEach === null ? null : pace.secondsEach * 1000;
  return pace.silentMs(now) >= patienceMs(timing, usualMs);
}
