import type { ProbeActivities } from '../contracts/activities.js';
import type { HostRecord } from '../contracts/journal.js';

/** Served beside the training slot, so that a busy host still answers. */
export function createProbeActivities(deps: {
  readonly read: () => Promise<HostRecord>;
}): ProbeActivities {
  return { probeHost: () => deps.read() };
}
