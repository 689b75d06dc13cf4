import { seconds } from './aws.js';
import { type MockCloud, NOT_FOUND, ok, written } from './scene.js';
import { atTokens } from './tokens.js';

const HEADERS = {
  ttl: 'x-aliyun-ecs-metadata-token-ttl-seconds',
  token: 'x-aliyun-ecs-metadata-token',
};

export const mockAliyun: MockCloud = (request, scene) => {
  const refused = atTokens(request, scene, HEADERS);
  if (refused) return refused;
  switch (request.path) {
    case '/latest/meta-data/instance-id':
      return ok('i-bp67acfmxazb4p0001');
    case '/latest/meta-data/instance/spot/termination-time':
      return scene.stopAt ? written(scene, seconds(scene.stopAt)) : NOT_FOUND;
    default:
      return NOT_FOUND;
  }
};
