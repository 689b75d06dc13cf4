import type { Fault } from '../fault.js';
import { storeFailsHalfWay, storeRefuses, storeSlow } from './bad-store.js';
import { hostsLostInBurst } from './burst.js';
import { controlKilled, everythingKilled, serverKilled } from './control-side.js';
import { hostCutOff } from './cut-off.js';
import { checkpointFlipped, checkpointTruncated, manifestMissing } from './damaged.js';
import { diskFull, storeFull } from './disk-full.js';
import { hostFrozen } from './frozen.js';
import {
  frozenInPublish,
  frozenInUpload,
  killedBeforeManifest,
  killedInPublish,
  killedInUpload,
} from './in-publish.js';
import { killedInSave } from './in-save.js';
import { hostKilled, trainerKilled, workerKilled } from './killed.js';
import { hostHangsAtStart, hostNeverUp } from './never-up.js';
import { NOTICED } from './noticed.js';
import { TERMINATED } from './terminated.js';

/** In the order in which a drill takes them. */
export const FAULTS: readonly Fault[] = [
  hostKilled,
  workerKilled,
  trainerKilled,
  ...TERMINATED,
  ...NOTICED,
  hostFrozen,
  frozenInUpload,
  frozenInPublish,
  hostCutOff,
  killedInSave,
  killedInUpload,
  killedBeforeManifest,
  killedInPublish,
  checkpointTruncated,
  checkpointFlipped,
  manifestMissing,
  diskFull,
  storeFull,
  storeRefuses,
  storeSlow,
  storeFailsHalfWay,
  serverKilled,
  controlKilled,
  everythingKilled,
  hostNeverUp,
  hostHangsAtStart,
  hostsLostInBurst,
];
