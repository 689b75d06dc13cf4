import type { RunSpecInput } from '../../contracts/run-spec.js';
import type { StageTiming } from '../deps.js';
import type { Pace } from './pace.js';

/** A training's own watchdog must come first: before it ends the process it tells all stacks. */
const AFTER_WATCHDOG = 1.25;

/** Patience with one trainer: with a training that asks for more than is usual, more. */
export function timingWith(timing: StageTiming, spec: RunSpecInput): StageTiming {
  if (spec.command !== 'train') return timing;
  const own = AFTER_WATCHDOG * (spec.training.hangFactor ?? timing.hangFactor);
  return { ...timing, hangFactor: Math.max(timing.hangFactor, own) };
}

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
