import type { Cloud, Told } from './cloud.js';
import { type Answer, malformed, MetadataError } from './metadata.js';

const HEADERS = { 'Metadata-Flavor': 'Google' };
const PREEMPTED = '/computeMetadata/v1/instance/preempted';
/** The service answers by itself after so long, changed or not. */
const HANG_SECONDS = 60;
/** What the way there and back may take on top. */
const SLACK_MS = 5000;

/** Compute Engine: a request that hangs until the word changes from FALSE to TRUE; no time is told. */
export const gcp: Cloud = {
  name: 'gcp',
  async detect(metadata) {
    const answer = await metadata.ask('/computeMetadata/v1/instance/id', { headers: HEADERS });
    return answer.status === 200 && /^\d+$/.test(answer.text.trim());
  },
  watch(metadata) {
    let etag: string | null = null;
    return async () => {
      // The first answer comes at once. The others hang until the word is another than that of the
      // etag: without it, a change between two requests would be told to nobody.
      const query: string = etag === null ? '' : hanging(etag);
      const timeoutMs = HANG_SECONDS * 1000 + SLACK_MS;
      const request = etag === null ? { headers: HEADERS } : { headers: HEADERS, timeoutMs };
      etag = null;
      const answer = await metadata.read(`${PREEMPTED}${query}`, request);
      if (answer === null) throw new MetadataError('status', `${PREEMPTED} is not there`);
      const told = toldOf(answer);
      etag = answer.etag;
      return told;
    };
  },
};

const hanging = (etag: string): string =>
  `?wait_for_change=true&timeout_sec=${HANG_SECONDS}&last_etag=${encodeURIComponent(etag)}`;

function toldOf({ text, serverDate }: Answer): Told[] {
  switch (text.trim()) {
    case 'FALSE':
      return [];
    case 'TRUE':
      return [{ kind: 'stop', action: 'preempted', stopAt: null, serverDate }];
    default:
      throw malformed(PREEMPTED, text);
  }
}
