import { CLOUDS, type CloudName } from '../contracts/notice.js';
import { WATCHED } from './clouds.js';
import { Metadata } from './metadata.js';

/**
 * The cloud whose metadata service answers here, all of them asked at once; null: none does in time.
 * Nothing of an answer is kept, and nobody waits for this.
 */
export async function detectCloud(
  endpoints: Readonly<Record<CloudName, string>>,
  withinMs: number,
  signal?: AbortSignal,
): Promise<CloudName | null> {
  const asked = CLOUDS.map((name) =>
    WATCHED[name].detect(new Metadata(endpoints[name], withinMs, signal)).catch(() => false),
  );
  const answers = await Promise.all(asked);
  return CLOUDS[answers.indexOf(true)] ?? null;
}
