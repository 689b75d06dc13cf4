import type { Cloud } from './cloud.js';
import { TokenSession } from './session-token.js';
import { askForTime } from './termination-time.js';
import { isoTime } from './times.js';

const TOKEN = {
  path: '/latest/api/token',
  ttl: 'X-aliyun-ecs-metadata-token-ttl-seconds',
  token: 'X-aliyun-ecs-metadata-token',
};

/** ECS, in plain and in hardened mode (which wants a token): UTC time, 404 while none stands. */
export const aliyun: Cloud = {
  name: 'aliyun',
  async detect(metadata) {
    const session = new TokenSession(metadata, TOKEN, () => new Date());
    const answer = await session.read('/latest/meta-data/instance-id');
    return answer !== null && /^(i|hbm)-[a-z0-9-]+$/.test(answer.text.trim());
  },
  watch(metadata, now) {
    const session = new TokenSession(metadata, TOKEN, now);
    const path = '/latest/meta-data/instance/spot/termination-time';
    return askForTime(path, (at) => session.read(at), isoTime);
  },
};
