import { type MockCloud, NOT_FOUND, ok, type Scene, written } from './scene.js';
import { atTokens } from './tokens.js';

const HEADERS = { ttl: 'x-aws-ec2-metadata-token-ttl-seconds', token: 'x-aws-ec2-metadata-token' };

export const mockAws: MockCloud = (request, scene) => {
  const refused = atTokens(request, scene, HEADERS);
  if (refused) return refused;
  switch (request.path) {
    case '/latest/meta-data/instance-life-cycle':
      return ok('spot');
    case '/latest/meta-data/spot/instance-action':
      return scene.stopAt ? action(scene, scene.stopAt) : NOT_FOUND;
    case '/latest/meta-data/events/recommendations/rebalance':
      return scene.rebalancedAt
        ? written(scene, JSON.stringify({ noticeTime: seconds(scene.rebalancedAt) }))
        : NOT_FOUND;
    default:
      return NOT_FOUND;
  }
};

function action(scene: Scene, stopAt: Date) {
  const told = scene.behaviour.action ?? 'terminate';
  if (scene.behaviour.fault === 'no-time') return ok(JSON.stringify({ action: told }));
  return written(scene, JSON.stringify({ action: told, time: seconds(stopAt) }));
}

/** AWS and Aliyun write whole seconds. */
export const seconds = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`;
