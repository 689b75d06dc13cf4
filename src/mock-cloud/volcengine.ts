import { seconds } from './aws.js';
import { type MockCloud, NOT_FOUND, ok, written } from './scene.js';
import { atTokens } from './tokens.js';

const HEADERS = {
  ttl: 'x-volc-ecs-metadata-token-ttl-seconds',
  token: 'x-volc-ecs-metadata-token',
};

export const mockVolcengine: MockCloud = (request, scene) => {
  const refused = atTokens(request, scene, HEADERS);
  if (refused) return refused;
  switch (request.path) {
    case '/latest/instance_id':
      return ok('i-3tiefmkskq3vj0ltccgi');
    case '/latest/spot_instance_termination_time':
      return scene.stopAt ? written(scene, seconds(scene.stopAt)) : NOT_FOUND;
    default:
      return NOT_FOUND;
  }
};
