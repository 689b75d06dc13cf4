import { type MockCloud, NOT_FOUND, ok, type Scene, written } from './scene.js';

const NAME = 'gpu-host_0';

export const mockAzure: MockCloud = ({ path, headers }, scene) => {
  if (headers['metadata'] !== 'true')
    return { status: 400, body: 'Required metadata header not specified' };
  switch (path) {
    case '/metadata/instance/compute/name':
      return ok(NAME);
    case '/metadata/scheduledevents':
      return events(scene);
    default:
      return NOT_FOUND;
  }
};

/** Another machine of the scale set is always about to go: it is not this one's business. */
function events(scene: Scene) {
  const { stopAt, behaviour } = scene;
  const neighbour = event('C7061BAC', 'gpu-host_1', 'Preempt', new Date(0).toUTCString());
  const Events = [neighbour];
  if (stopAt !== null) {
    const notBefore = behaviour.fault === 'no-time' ? 'soon' : stopAt.toUTCString();
    Events.push(event('602D9444', NAME, behaviour.action ?? 'Preempt', notBefore));
  }
  const document = JSON.stringify({ DocumentIncarnation: Events.length, Events });
  return behaviour.fault === 'malformed' && stopAt !== null ? written(scene, '') : ok(document);
}

const event = (EventId: string, resource: string, EventType: string, NotBefore: string) => ({
  EventId,
  EventType,
  ResourceType: 'VirtualMachine',
  Resources: [resource],
  EventStatus: 'Scheduled',
  NotBefore,
  Description: '',
  EventSource: 'Platform',
  DurationInSeconds: -1,
});
