import type { Ask } from './cloud.js';
import { type Answer, malformed } from './metadata.js';

/** Of clouds whose notice is the time alone: 404, or nothing, means that none stands. */
export function askForTime(
  path: string,
  read: (path: string) => Promise<Answer | null>,
  timeOf: (text: string) => Date | null,
): Ask {
  return async () => {
    const answer = await read(path);
    if (answer === null || answer.text.trim() === '') return [];
    const stopAt = timeOf(answer.text);
    if (stopAt === null) throw malformed(path, answer.text);
    return [{ kind: 'stop', action: 'terminate', stopAt, serverDate: answer.serverDate }];
  };
}
