import type { PutIfAbsentHeader, StoreConfig } from '../contracts/store.js';

export type S3Config = Extract<StoreConfig, { kind: 's3' }>;

/** What a service does otherwise than Amazon's. Sources: docs/store.md. */
export interface S3Traits {
  readonly service: string;
  readonly putIfAbsent: PutIfAbsentHeader;
  readonly pathStyle: 'refused' | 'taken';
}

interface Service extends S3Traits {
  readonly endpoint: RegExp;
}

const ANY: S3Traits = { service: 'S3', putIfAbsent: 'if-none-match', pathStyle: 'taken' };

const SERVICES: readonly Service[] = [
  {
    service: 'Aliyun OSS',
    endpoint: /\.aliyuncs\.com$/,
    // PutObject with If-None-Match is answered 501 there.
    putIfAbsent: 'x-oss-forbid-overwrite',
    pathStyle: 'refused',
  },
  {
    service: 'Tencent COS',
    endpoint: /\.myqcloud\.com$|\.tencentcos\.cn$/,
    putIfAbsent: 'x-cos-forbid-overwrite',
    pathStyle: 'refused',
  },
  {
    service: 'Cloudflare R2',
    endpoint: /\.r2\.cloudflarestorage\.com$/,
    putIfAbsent: 'if-none-match',
    pathStyle: 'taken',
  },
];

/** By the endpoint's host; what the plan says itself goes before. */
export function traitsOf({ endpoint, putIfAbsent }: Partial<S3Config>): S3Traits {
  const host = endpoint === undefined ? '' : hostOf(endpoint);
  const traits: S3Traits = SERVICES.find((one) => one.endpoint.test(host)) ?? ANY;
  return putIfAbsent === undefined ? traits : { ...traits, putIfAbsent };
}

function hostOf(endpoint: string): string {
  return URL.canParse(endpoint) ? new URL(endpoint).hostname : '';
}
