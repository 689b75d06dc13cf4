import type { Cloud } from './cloud.js';
import { TokenSession } from './session-token.js';
import { askForTime } from './termination-time.js';
import { isoTime, plainTime } from './times.js';

const TOKEN = {
  path: '/latest/api/token',
  ttl: 'X-volc-ecs-metadata-token-ttl-seconds',
  token: 'X-volc-ecs-metadata-token',
};

/** ECS of Volcengine and BytePlus: UTC time; its documents show no example, so both forms are read. */
export const volcengine: Cloud = {
  name: 'volcengine',
  async detect(metadata) {
    const session = new TokenSession(metadata, TOKEN, () => new Date());
    const answer = await session.read('/latest/instance_id');
    return answer !== null && /^i-[a-z0-9]+$/.test(answer.text.trim());
  },
  watch(metadata, now) {
    const session = new TokenSession(metadata, TOKEN, now);
    const timeOf = (text: string) => isoTime(text) ?? plainTime(text, 'Z');
    return askForTime('/latest/spot_instance_termination_time', (at) => session.read(at), timeOf);
  },
};
