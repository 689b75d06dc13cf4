import {
  type MockAnswer,
  type MockCloud,
  type MockRequest,
  NOT_FOUND,
  ok,
  type Scene,
  written,
} from './scene.js';

const LONGEST_SECONDS = 3600;

export const mockGcp: MockCloud = async (request, scene) => {
  if (request.headers['metadata-flavor'] !== 'Google') return { status: 403, body: 'Forbidden' };
  switch (request.path) {
    case '/computeMetadata/v1/instance/id':
      return ok('4520031799277581759');
    case '/computeMetadata/v1/instance/preempted':
      return preempted(await whenAsked(request, scene));
    default:
      return NOT_FOUND;
  }
};

/** With `wait_for_change` the answer comes when it is another than that of `last_etag`, or late. */
function whenAsked({ query }: MockRequest, scene: Scene): Scene | Promise<Scene> {
  const known = query.get('last_etag');
  if (query.get('wait_for_change') !== 'true') return scene;
  if (known !== null && known !== preempted(scene).etag) return scene;
  return scene.changed(Number(query.get('timeout_sec') ?? LONGEST_SECONDS));
}

/** It tells no time, so that none can be wrong. */
function preempted(scene: Scene): MockAnswer {
  if (scene.stopAt === null) return { ...ok('FALSE'), etag: 'f0' };
  return {
    ...(scene.behaviour.fault === 'no-time' ? ok('TRUE') : written(scene, 'TRUE')),
    etag: 't1',
  };
}
