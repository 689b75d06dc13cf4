import type { Fault } from '../fault.js';
import { controlKilled, everythingKilled, serverKilled } from './control-side.js';
import { checkpointFlipped, checkpointTruncated, manifestMissing } from './damaged.js';
import { hostFrozen } from './frozen.js';
import { hostKilled, hostTerminated, trainerKilled, workerKilled } from './killed.js';

/** In the order in which a drill takes them. */
export const FAULTS: readonly Fault[] = [
  hostKilled,
  workerKilled,
  trainerKilled,
  hostTerminated,
  hostFrozen,
  checkpointTruncated,
  checkpointFlipped,
  manifestMissing,
  serverKilled,
  controlKilled,
  everythingKilled,
];
