import { isAbsolute, join } from 'node:path';
import type { StoreConfig } from '../contracts/store.js';
import { LocalStore } from './local-store.js';
import type { ObjectStore } from './object-store.js';

export interface StoreCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** `home` is where a relative or unnamed local folder lies. S3 is loaded only when it is asked for. */
export async function openStore(
  config: StoreConfig,
  home: string,
  credentials?: StoreCredentials,
): Promise<ObjectStore> {
  if (config.kind === 'local') {
    const path = config.path ?? 'store';
    return LocalStore.open(isAbsolute(path) ? path : join(home, path));
  }
  const { openS3Store } = await import('./open-s3-store.js');
  return openS3Store(config, credentials);
}
