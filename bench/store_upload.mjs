// Memory and speed of one large upload and its download, against an S3 server that is running:
//   AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… node bench/store_upload.mjs ENDPOINT BUCKET [MIB]
import { randomBytes } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../dist/config/config.js';
import { hashFile } from '../dist/store/artifact-files.js';
import { openStore } from '../dist/store/open-store.js';
import { report, round } from './measure.mjs';

const [endpoint, bucket, mib = '1024'] = process.argv.slice(2);
const MIB = 1024 * 1024;
const folder = await mkdtemp(join(tmpdir(), 'dream-sft-bench-'));
const place = {
  kind: 's3',
  bucket,
  prefix: 'bench',
  endpoint,
  region: 'us-east-1',
  forcePathStyle: true,
};
const store = await openStore(place, folder, loadConfig().storeCredentials ?? undefined);

async function writeLarge(path) {
  const file = await open(path, 'w');
  for (let i = 0; i < Number(mib); i += 1) await file.write(randomBytes(MIB));
  await file.close();
}

/** Seconds, and how much more memory than before at its peak. */
async function measured(work) {
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  let peak = before;
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 20);
  const start = performance.now();
  await work();
  clearInterval(timer);
  return {
    seconds: round((performance.now() - start) / 1000),
    peakMiB: Math.round((peak - before) / MIB),
  };
}

try {
  const path = join(folder, 'large');
  await writeLarge(path);
  const upload = await measured(() => store.putFile('blobs/bench', path));
  const download = await measured(() => store.getFile('blobs/bench', `${path}.back`));
  const equal = (await hashFile(path)) === (await hashFile(`${path}.back`));
  await store.delete('blobs/bench');
  report('store_upload', { mib: Number(mib), upload, download, equal });
} finally {
  await rm(folder, { recursive: true, force: true });
}
