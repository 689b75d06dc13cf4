import type { CloudName, ProfileName } from '../contracts/notice.js';
import type { CloudFacts } from './profiles.js';

/** Everything about notices that a user may set; src/config reads it, docs/notices.md lists it. */
export interface NoticeSettings {
  /** auto: the platform's own variables say it, or the metadata service that answers. */
  readonly profile: ProfileName | 'auto';
  /** What the platform's variables say; null: nothing. */
  readonly hint: ProfileName | null;
  readonly clouds: Readonly<Record<CloudName, CloudFacts>>;
  /** For one answer that is not meant to hang. */
  readonly requestMs: number;
  readonly detectMs: number;
  /** From SIGTERM to the end; null: the profile's own. */
  readonly signalSeconds: number | null;
  /** Kept free before the end, whatever fits. */
  readonly marginSeconds: number;
  /** note: a rebalance recommendation is logged; leave: it counts as a stop a window from now. */
  readonly rebalance: 'note' | 'leave';
}
