import { createHash } from 'node:crypto';
import type { Fault } from './fault.js';

export interface Blow {
  readonly trial: number;
  readonly fault: Fault;
  /** The fault strikes at this step of the training, or as soon after it as it is seen. */
  readonly atStep: number;
  /** Of whatever else the fault draws. */
  readonly seed: number;
}

export interface Span {
  /** Steps of the whole training, and between two checkpoints. */
  readonly steps: number;
  readonly everySteps: number;
}

/** Faults in turn, each at a step that follows from seed and trial: behind the first checkpoints, far from the end. */
export function schedule(
  faults: readonly Fault[],
  trials: number,
  seed: number,
  { steps, everySteps }: Span,
): Blow[] {
  const first = 2 * everySteps;
  const last = Math.max(first, Math.floor(steps / 2));
  return Array.from({ length: trials }, (_, index) => {
    const drawn = drawnFrom(`drill ${seed} ${index + 1}`);
    return {
      trial: index + 1,
      fault: faults[index % faults.length]!,
      atStep: first + (drawn % (last - first + 1)),
      seed: drawn,
    };
  });
}

/** 32 bits that depend on nothing but the text. */
export const drawnFrom = (text: string): number =>
  createHash('sha256').update(text).digest().readUInt32BE(0);
