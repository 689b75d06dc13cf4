import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ObjectStore } from '../../src/store/object-store.js';
import { openS3Store } from '../../src/store/open-s3-store.js';
import { createClient } from '../../src/store/s3-client.js';
import { probe } from '../../src/store/s3-probe.js';
import { S3Store } from '../../src/store/s3-store.js';
import { explained } from '../../src/store/s3-trouble.js';
import type { S3Config } from '../../src/store/s3-traits.js';
import { startFaultyProxy, type FaultyProxy, type Headers } from '../../src/drill/store-proxy.js';
import { hasSeaweed, KEYS, startSeaweed, whySkipped, type Seaweed } from './support/seaweed.js';

const SECRETS = /very-secret|other-secret/;

describe.skipIf(!hasSeaweed)(`what a store that cannot be used says${whySkipped}`, () => {
  let server: Seaweed;
  beforeAll(async () => {
    server = await startSeaweed({ keys: true });
  });
  afterEach(() => void vi.useRealTimers());
  afterAll(() => server.stop());

  const refusal = (changes: Partial<S3Config>, keys = KEYS): Promise<string> =>
    openS3Store(server.config('probe', changes), keys).then(
      () => 'it opened',
      (error: Error) => `${error.name}: ${error.message}`,
    );

  it('opens with the right key', async () => {
    expect(await refusal({})).toBe('it opened');
  });

  it('a bucket that is not there', async () => {
    expect(await refusal({ bucket: 'no-such-bucket' })).toBe(
      `UnfitStoreError: The store s3://no-such-bucket/probe cannot be used: there is no such bucket at ${server.endpoint}. Create it, or correct store.bucket.`,
    );
  });

  it('a key that nobody knows', async () => {
    const said = await refusal({}, { ...KEYS, accessKeyId: 'stranger' });
    expect(said).toContain(`${server.endpoint} does not know the key in AWS_ACCESS_KEY_ID.`);
  });

  it('a secret that does not belong to the key', async () => {
    const said = await refusal({}, { ...KEYS, secretAccessKey: 'other-secret' });
    expect(said).toContain('AWS_SECRET_ACCESS_KEY does not belong to AWS_ACCESS_KEY_ID');
    expect(said).not.toMatch(SECRETS);
  });

  it('an endpoint where nothing listens', async () => {
    const said = await refusal({ endpoint: 'http://127.0.0.1:1' });
    expect(said).toContain('nothing answers at http://127.0.0.1:1. Check store.endpoint');
  });

  it('an endpoint of a name that nobody has', async () => {
    const said = await refusal({ endpoint: 'http://no-such-host.invalid' });
    expect(said).toContain('there is no host of the name in http://no-such-host.invalid.');
  });

  it.each([200, 404])('a web server that answers %i to everything', async (status) => {
    const web = createServer((asked, answer) => {
      asked.resume();
      answer.writeHead(status, { 'content-type': 'text/html' }).end('<html><p>Hello</html>');
    });
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    const { port } = web.address() as AddressInfo;
    const said = await refusal({ endpoint: `http://127.0.0.1:${port}` });
    expect(said).toMatch(
      /S3\. Correct store\.endpoint\.$|no S3 store\. Correct store\.endpoint\.$/,
    );
    web.closeAllConnections();
    web.close();
  });

  it('https:// to a server that speaks http', async () => {
    const said = await refusal({ endpoint: server.endpoint.replace('http:', 'https:') });
    expect(said).toContain('Check whether store.endpoint is http:// or https://');
  });

  it('a clock that is wrong is corrected by the store’s own, and told where that is not known', async () => {
    const proxy = await startFaultyProxy(server.endpoint);
    const config = server.config('skew', { endpoint: proxy.endpoint });
    const opened = (): S3Store => new S3Store(createClient(config, KEYS), config);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
    await probe(opened());
    const change = (headers: Headers): void => void delete headers['date'];
    proxy.rule = () => ({ kind: 'answerHeaders', change });
    const error: unknown = await probe(opened()).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(explained(error, 's3://dream-sft/skew', config).message).toContain(
      `the clock of this machine and that of ${proxy.endpoint} differ by more than the 15 minutes`,
    );
    await proxy.close();
  });
});

describe.skipIf(!hasSeaweed)(`conditional writes${whySkipped}`, () => {
  let server: Seaweed;
  let proxy: FaultyProxy;
  beforeAll(async () => {
    // Without keys nobody checks signatures, and headers may be taken away.
    server = await startSeaweed();
    proxy = await startFaultyProxy(server.endpoint);
  });
  beforeEach(() => {
    proxy.rule = () => undefined;
  });
  afterAll(async () => {
    await proxy.close();
    await server.stop();
  });

  const open = (changes: Partial<S3Config> = {}): Promise<ObjectStore> =>
    openS3Store(server.config('conditions', { endpoint: proxy.endpoint, ...changes }), KEYS);

  it('a store that ignores If-None-Match is refused by name, and nothing is left in it', async () => {
    const change = (headers: Headers): void => void delete headers['if-none-match'];
    proxy.rule = () => ({ kind: 'headers', change });
    await expect(open()).rejects.toThrow(
      /^The store s3:\/\/dream-sft\/conditions cannot be used: it has no conditional writes/,
    );
    proxy.rule = () => undefined;
    expect(await (await open()).list('')).toEqual([]);
  });

  it.each([400, 405, 501])(
    'a store that answers %i to If-None-Match is refused so too',
    async (status) => {
      proxy.rule = ({ headers }) =>
        headers['if-none-match'] === undefined ? undefined : { kind: 'status', status };
      await expect(open()).rejects.toThrow('it has no conditional writes');
    },
  );

  /** What OSS and COS do with a header of their own, done by the real server with If-None-Match. */
  it.each(['x-oss-forbid-overwrite', 'x-cos-forbid-overwrite'] as const)(
    'asks with %s where that is the header',
    async (header) => {
      const asked: unknown[] = [];
      proxy.rule = ({ method, headers }) => {
        if (method === 'PUT') asked.push(headers['if-none-match']);
        return { kind: 'headers', change: (given) => translated(given, header) };
      };
      const store = await open({ putIfAbsent: header, prefix: header });
      const wins = await Promise.all(
        Array.from({ length: 8 }, () => store.putIfAbsent('j/1', Buffer.from('x'))),
      );
      expect(wins.filter(Boolean)).toHaveLength(1);
      expect(new Set(asked)).toEqual(new Set([undefined]));
    },
  );

  it('a header that the store does not know is no condition', async () => {
    await expect(open({ putIfAbsent: 'x-cos-forbid-overwrite' })).rejects.toThrow(
      'name the header that this one knows in store.putIfAbsent',
    );
  });

  it('takes a bucket that is made later', async () => {
    const changes = { bucket: 'made-later' };
    await expect(open(changes)).rejects.toThrow('there is no such bucket');
    const client = createClient(server.config(''), KEYS);
    await client.send(new CreateBucketCommand({ Bucket: 'made-later' }));
    expect((await open(changes)).location).toBe('s3://made-later/conditions');
  });
});

function translated(headers: Headers, header: string): void {
  if (headers[header] !== 'true') return;
  delete headers[header];
  headers['if-none-match'] = '*';
}
