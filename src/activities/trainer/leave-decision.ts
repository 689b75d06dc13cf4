/** What is known when a host is about to go. */
export interface LeaveSituation {
  readonly secondsLeft: number;
  /** Kept free before the end: whatever was measured, the next time may be slower. */
  readonly marginSeconds: number;
  /** Of the step or batch that the trainer finishes first; 0: unknown. */
  readonly stepSeconds: number;
  /** Null: none has been saved in this attempt. */
  readonly saveSeconds: number | null;
  /** Null: none has been published in this attempt. */
  readonly publishSeconds: number | null;
  /** What remains on the host's disk when it is back: an end by SIGTERM, a stopped machine. */
  readonly keepsDisk: boolean;
}

export interface LeaveDecision {
  /** publish: the trainer saves and it is published; stage: it saves for a return of this host. */
  readonly last: 'publish' | 'stage' | 'none';
  /** The trainer gets this long for it. */
  readonly trainerSeconds: number;
}

/** Of a short window the margin takes no more than this. */
const MARGIN_SHARE = 1 / 5;

/** What may be used of the time until the end. */
export function usableSeconds(secondsLeft: number, marginSeconds: number): number {
  const left = Math.max(0, secondsLeft);
  return left - Math.min(marginSeconds, left * MARGIN_SHARE);
}

/**
 * Whether the trainer is asked for a last checkpoint. Only what was measured can be known not to fit:
 * where nothing was, trying costs nothing, since nothing else is there to be published.
 */
export function decideLeave(situation: LeaveSituation): LeaveDecision {
  const usable = usableSeconds(situation.secondsLeft, situation.marginSeconds);
  const save = situation.stepSeconds + (situation.saveSeconds ?? 0);
  const publish = situation.publishSeconds ?? 0;
  if (usable === 0 || save > usable) return { last: 'none', trainerSeconds: 0 };
  if (save + publish <= usable) return { last: 'publish', trainerSeconds: usable - publish };
  if (situation.keepsDisk) return { last: 'stage', trainerSeconds: usable };
  return { last: 'none', trainerSeconds: 0 };
}

/**
 * When the last checkpoint is ready while an older one is on its way: whether that one is dropped.
 * Not unless the newer is known to fit alone, or both might be lost.
 */
export function dropsOlder(usable: number, publishSeconds: number | null): boolean {
  return publishSeconds !== null && publishSeconds <= usable;
}

/** Whether an upload that began so long ago is worth waiting for. */
export function mayFinish(
  usable: number,
  publishSeconds: number | null,
  runningSeconds: number,
): boolean {
  if (usable === 0) return false;
  return publishSeconds === null || publishSeconds - runningSeconds <= usable;
}
