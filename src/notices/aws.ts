import { z } from 'zod';
import type { Cloud, Told } from './cloud.js';
import { type Answer, malformed, type Metadata } from './metadata.js';
import { TokenSession } from './session-token.js';
import { isoTime } from './times.js';

const TOKEN = {
  path: '/latest/api/token',
  ttl: 'X-aws-ec2-metadata-token-ttl-seconds',
  token: 'X-aws-ec2-metadata-token',
};
const ACTION = '/latest/meta-data/spot/instance-action';
const REBALANCE = '/latest/meta-data/events/recommendations/rebalance';
const LIFE_CYCLE = '/latest/meta-data/instance-life-cycle';

const InstanceAction = z.looseObject({
  action: z.enum(['stop', 'terminate', 'hibernate']),
  time: z.string().optional(),
});
const Rebalance = z.looseObject({ noticeTime: z.string() });

/** EC2: the spot instance-action, and the rebalance recommendation that may come before it. */
export const aws: Cloud = {
  name: 'aws',
  async detect(metadata) {
    const session = sessionOf(metadata, () => new Date());
    const answer = await session.read(LIFE_CYCLE);
    return (
      answer !== null && /^(spot|on-demand|scheduled|capacity-block)$/.test(answer.text.trim())
    );
  },
  watch(metadata, now) {
    const session = sessionOf(metadata, now);
    return async () => {
      const action = await session.read(ACTION);
      if (action !== null) return [actionOf(action)];
      const rebalance = await session.read(REBALANCE);
      return rebalance === null ? [] : [rebalanceOf(rebalance)];
    };
  },
};

const sessionOf = (metadata: Metadata, now: () => Date) => new TokenSession(metadata, TOKEN, now);

function actionOf({ text, serverDate }: Answer): Told {
  const parsed = InstanceAction.safeParse(jsonOf(ACTION, text));
  if (!parsed.success) throw malformed(ACTION, text);
  const { action, time } = parsed.data;
  // Hibernation begins at once: there is no time between notice and stop.
  const stopAt = action === 'hibernate' ? new Date(0) : isoTime(time ?? '');
  return { kind: 'stop', action, stopAt, serverDate };
}

function rebalanceOf({ text, serverDate }: Answer): Told {
  if (!Rebalance.safeParse(jsonOf(REBALANCE, text)).success) throw malformed(REBALANCE, text);
  return { kind: 'rebalance', action: 'rebalance', stopAt: null, serverDate };
}

function jsonOf(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed(path, text);
  }
}
