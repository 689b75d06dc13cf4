import type { CloudName, Notice } from '../contracts/notice.js';
import type { Metadata } from './metadata.js';

/** A notice in a cloud's own words and on its own clock. */
export interface Told {
  readonly kind: Notice['kind'];
  readonly action: string;
  /** Null: it tells no time, or none that can be read. */
  readonly stopAt: Date | null;
  readonly serverDate: Date | null;
}

/** One question to the metadata service; throws MetadataError when it has no usable answer. */
export type Ask = () => Promise<readonly Told[]>;

export interface Cloud {
  readonly name: CloudName;
  /** Whether this machine stands there: what no other service answers in the same way. */
  detect(metadata: Metadata): Promise<boolean>;
  /** Keeps between questions what the service wants repeated, as a token. */
  watch(metadata: Metadata, now: () => Date): Ask;
}
