import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { checkPlanFile } from '../../src/cli/plan-file.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const TINY = fileURLToPath(new URL('../../plans/tiny.yaml', import.meta.url));

/** The mistakes of the tiny plan with such a store. */
async function mistakesOf(store: string): Promise<(readonly [string, string])[]> {
  const path = join(temporaryFolder(), 'plan.yaml');
  const text = (await readFile(TINY, 'utf8')).replaceAll(/path: (\S+)/g, (_, file: string) => {
    return `path: ${join(dirname(TINY), file)}`;
  });
  await writeFile(path, `${text}\nstore: { kind: s3, ${store} }\n`);
  const { mistakes } = await checkPlanFile(path);
  return mistakes.map((one) => [one.path, one.message] as const);
}

test.each([
  'bucket: dream-sft',
  'bucket: dream-sft, endpoint: "http://127.0.0.1:8333", forcePathStyle: true',
  'bucket: dream-sft, endpoint: "https://oss-cn-hangzhou.aliyuncs.com", region: cn-hangzhou',
  'bucket: dream-1250000000, endpoint: "https://cos.ap-beijing.myqcloud.com", region: ap-beijing',
  'bucket: dream-sft, endpoint: "https://abc.r2.cloudflarestorage.com", region: auto',
  'bucket: dream-sft, checksum: sha256, putIfAbsent: x-oss-forbid-overwrite',
])('takes %s', async (store) => {
  expect(await mistakesOf(store)).toEqual([]);
});

test.each([
  ['bucket: Dream_SFT', 'store.bucket', 'lower-case letters'],
  [
    'bucket: abc, endpoint: "https://key:secret@example.org"',
    'store.endpoint',
    'must hold no credentials',
  ],
  [
    'bucket: abc, endpoint: "https://abc.example.org"',
    'store.endpoint',
    'must not name the bucket',
  ],
  ['bucket: abc, endpoint: "https://example.org/abc"', 'store.endpoint', 'must be a host alone'],
  ['bucket: abc, endpoint: "s3://example.org"', 'store.endpoint', 'https:// or http://'],
  [
    'bucket: abc, endpoint: "https://oss-cn-hangzhou.aliyuncs.com", forcePathStyle: true',
    'store.forcePathStyle',
    'Aliyun OSS wants the bucket in the host name',
  ],
  ['bucket: abc, checksum: crc32', 'store.checksum', ''],
  ['bucket: abc, secretAccessKey: hush', 'store.secretAccessKey', ''],
])('refuses %s', async (store, path, message) => {
  const mistakes = await mistakesOf(store);
  expect(mistakes.map(([at]) => at)).toEqual([path]);
  expect(mistakes[0]?.[1]).toContain(message);
  expect(mistakes[0]?.[1]).not.toMatch(/hush|key:secret/);
});
