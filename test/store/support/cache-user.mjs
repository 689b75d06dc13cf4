// A worker of a host with others: `node cache-user.mjs CACHE LIMIT STORE DIGEST…` brings artifacts out of
// the store, one after another through the cache that all share; prints a folder for each, by line.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { materialise } from '../../../dist/store/artifacts.js';
import { HostCache } from '../../../dist/store/host-cache.js';
import { openStore } from '../../../dist/store/open-store.js';

const [folder, limit, config, ...digests] = process.argv.slice(2);
const credentials = { accessKeyId: process.env.KEY_ID, secretAccessKey: process.env.SECRET };
const store = await openStore(JSON.parse(config), folder, credentials);
const cache = new HostCache(folder, Number(limit));
const own = await mkdtemp(join(tmpdir(), 'dream-sft-test-user-'));
for (const [index, digest] of digests.entries()) {
  const into = join(own, String(index), digest);
  await materialise(store, { digest }, into, { cache });
  process.stdout.write(`${into}\n`);
}
