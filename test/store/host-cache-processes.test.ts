import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { materialise, publishArtifact } from '../../src/store/artifacts.js';
import { sha256Hex } from '../../src/store/canonical-json.js';
import { HostCache } from '../../src/store/host-cache.js';
import { openStore } from '../../src/store/open-store.js';
import { folderOf } from './support/examples.js';
import { hasSeaweed, KEYS, startSeaweed, whySkipped, type Seaweed } from './support/seaweed.js';
import { temporaryFolder } from './support/temporary-folder.js';

const USER = fileURLToPath(new URL('./support/cache-user.mjs', import.meta.url));
const SIZE = 40_000;
/** Weights are linked out of the cache, anything else is copied. */
const NAMES = ['weights.safetensors', 'rows.jsonl'] as const;
const textOf = (artifact: number, name: string): string => `${name} ${artifact}`.padEnd(SIZE, '.');
const ARTIFACTS = 6;
const PROCESSES = 4;

describe.skipIf(!hasSeaweed)(
  `a bucket, several processes of one host, one cache${whySkipped}`,
  () => {
    let server: Seaweed;
    beforeAll(async () => {
      server = await startSeaweed({ keys: true });
    });
    afterAll(() => server.stop());

    it('each gets every artifact whole, also while others evict it, and the cache keeps its limit', async () => {
      const config = server.config('shared');
      const store = await openStore(config, await temporaryFolder(), KEYS);
      const digests: string[] = [];
      for (let number = 0; number < ARTIFACTS; number += 1) {
        const texts = Object.fromEntries(NAMES.map((name) => [name, textOf(number, name)]));
        const folder = await folderOf(texts);
        digests.push((await publishArtifact(store, { folder, kind: 'files' })).digest);
      }
      const cache = join(await temporaryFolder(), 'cache');
      // Room for two files and a half, so that everybody evicts what somebody else may just be taking.
      const limit = 2.5 * SIZE;
      const env = { KEY_ID: KEYS.accessKeyId, SECRET: KEYS.secretAccessKey };
      const users = Array.from({ length: PROCESSES }, (_, first) => {
        const order = digests.map((__, index) => digests[(index + first) % ARTIFACTS]!);
        const args = [USER, cache, String(limit), JSON.stringify(config), ...order, ...order];
        return execa(process.execPath, args, { env });
      });
      for (const { stdout } of await Promise.all(users)) {
        const folders = stdout.split('\n');
        expect(folders).toHaveLength(2 * ARTIFACTS);
        for (const folder of folders) {
          const number = digests.indexOf(basename(folder));
          for (const name of NAMES) {
            expect(await readFile(join(folder, name), 'utf8')).toBe(textOf(number, name));
          }
        }
        await rm(dirname(dirname(folders[0]!)), { recursive: true });
      }
      // Nobody uses anything any more: the next use brings the cache to its limit.
      const last = join(await temporaryFolder(), 'last');
      await materialise(store, { digest: digests[0]! }, last, {
        cache: new HostCache(cache, limit),
      });
      await rm(last, { recursive: true });
      await expectSound(cache, limit);
    }, 120_000);
  },
);

/** Only whole files under their own digest, none held, and no more than there is room for. */
async function expectSound(cache: string, limit: number): Promise<void> {
  expect(await readdir(join(cache, '.held'))).toEqual([]);
  const names = (await readdir(cache)).filter((name) => !name.startsWith('.'));
  expect(names.length).toBeGreaterThan(0);
  for (const name of names) expect(sha256Hex(await readFile(join(cache, name), 'utf8'))).toBe(name);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(cache, name))).size));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(limit);
}
