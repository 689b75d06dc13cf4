import { z } from 'zod';
import type { Cloud, Told } from './cloud.js';
import { type Answer, malformed, MetadataError, type Metadata } from './metadata.js';
import { httpTime, isoTime } from './times.js';

const HEADERS = { Metadata: 'true' };
const EVENTS = '/metadata/scheduledevents?api-version=2020-07-01';
const NAME = '/metadata/instance/compute/name?api-version=2021-02-01&format=text';
/** The first question turns the service on, which may take two minutes. */
const FIRST_ANSWER_MS = 130_000;
/** Freeze is a pause of seconds, and the host stays. */
const TAKING = new Set(['Preempt', 'Terminate', 'Redeploy', 'Reboot']);

const ScheduledEvents = z.looseObject({
  Events: z.array(
    z.looseObject({
      EventType: z.string(),
      EventStatus: z.string().optional(),
      Resources: z.array(z.string()).default([]),
      NotBefore: z.string().default(''),
    }),
  ),
});

/** Scheduled events of this machine; they also tell of others of its scale set, which are left out. */
export const azure: Cloud = {
  name: 'azure',
  async detect(metadata) {
    const answer = await metadata.ask(NAME, { headers: HEADERS });
    return answer.status === 200 && answer.text.trim() !== '';
  },
  watch(metadata) {
    let own: string | null = null;
    let first = true;
    return async () => {
      own ??= await nameOf(metadata);
      const timeoutMs = FIRST_ANSWER_MS;
      const request = first ? { headers: HEADERS, timeoutMs } : { headers: HEADERS };
      const answer = await metadata.read(EVENTS, request);
      if (answer === null) throw new MetadataError('status', `${EVENTS} is not there`);
      first = false;
      return toldOf(answer, own);
    };
  },
};

async function nameOf(metadata: Metadata): Promise<string> {
  const answer = await metadata.read(NAME, { headers: HEADERS });
  if (answer === null) throw new MetadataError('status', `${NAME} is not there`);
  return answer.text.trim();
}

function toldOf({ text, serverDate }: Answer, own: string): Told[] {
  const parsed = ScheduledEvents.safeParse(jsonOf(text));
  if (!parsed.success) throw malformed(EVENTS, text);
  return parsed.data.Events.filter(
    ({ EventType, Resources }) => TAKING.has(EventType) && Resources.includes(own),
  ).map(({ EventType, EventStatus, NotBefore }) => ({
    kind: 'stop',
    action: EventType,
    // Begun: its time is left empty, and there is none left.
    stopAt: EventStatus === 'Started' ? new Date(0) : (httpTime(NotBefore) ?? isoTime(NotBefore)),
    serverDate,
  }));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed(EVENTS, text);
  }
}
