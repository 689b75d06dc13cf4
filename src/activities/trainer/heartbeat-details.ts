import type { StageProgress } from '../../contracts/progress.js';

/** Heartbeat details travel with every describe of the plan; the whole object stays below this. */
export const DETAILS_BYTES = 2048;
/** Of one log line or the words of the GPUs, as JSON, quotes not counted. */
export const LINE_BYTES = 240;
const HOST_BYTES = 200;
const SUITE_BYTES = 20;

const jsonBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/**
 * The longest beginning of a text that takes at most so many bytes inside JSON, whole characters
 * only: three bytes for a Chinese one, six for a control character that JSON must escape.
 */
export function beginning(text: string, bytes: number): string {
  let used = 0;
  let kept = '';
  for (const character of text) {
    used += jsonBytes(character) - 2;
    if (used > bytes) return kept;
    kept += character;
  }
  return kept;
}

/** The details as they are sent: nothing in them can make them too long. */
export function detailsOf(progress: StageProgress): StageProgress {
  const details = {
    ...progress,
    host: beginning(progress.host, HOST_BYTES),
    waitsFor: progress.waitsFor && {
      ...progress.waitsFor,
      host: beginning(progress.waitsFor.host, HOST_BYTES),
    },
    tallies: progress.tallies.map((one) => ({ ...one, suite: beginning(one.suite, SUITE_BYTES) })),
    gpu: progress.gpu === null ? null : beginning(progress.gpu, LINE_BYTES),
    log: progress.log.map((line) => beginning(line, LINE_BYTES)),
  };
  // The newest lines tell most; numbers and digests alone are far below the limit.
  while (details.log.length > 0 && jsonBytes(details) >= DETAILS_BYTES) details.log.shift();
  return details;
}
