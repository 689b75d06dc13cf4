import { traitsOf } from '../store/s3-traits.js';
import type { Add, Get } from './plan-cross-checks.js';

/** Names that every service takes: they are part of a host name. */
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** What a plan can get wrong of its bucket; whether it is there, the workers find out. */
export function checkStore(get: Get, add: Add): void {
  if (get('store', 'kind') !== 's3') return;
  const bucket = get('store', 'bucket');
  if (typeof bucket === 'string' && bucket.length >= 3 && !BUCKET.test(bucket)) {
    add(['store', 'bucket'], 'must be 3 to 63 lower-case letters, digits, "-" and "."');
  }
  const endpoint = get('store', 'endpoint');
  // What is no address is told by the schema.
  if (typeof endpoint !== 'string' || !URL.canParse(endpoint)) return;
  const wrong = wrongIn(new URL(endpoint), bucket);
  if (wrong !== null) add(['store', 'endpoint'], wrong);
  const { service, pathStyle } = traitsOf({ endpoint });
  if (pathStyle === 'refused' && get('store', 'forcePathStyle') === true) {
    add(['store', 'forcePathStyle'], `${service} wants the bucket in the host name: leave it out`);
  }
}

function wrongIn(url: URL, bucket: unknown): string | null {
  if (url.username !== '' || url.password !== '') {
    const instead = 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of the workers';
    return `must hold no credentials: they belong in ${instead}`;
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return 'must begin with https:// or http://';
  }
  if (typeof bucket === 'string' && url.hostname.startsWith(`${bucket}.`)) {
    return `must not name the bucket: it is added as store.bucket (${bucket})`;
  }
  return url.pathname === '/' ? null : 'must be a host alone: what follows it is store.prefix';
}
