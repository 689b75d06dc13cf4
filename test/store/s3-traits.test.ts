import { expect, it } from 'vitest';
import { traitsOf } from '../../src/store/s3-traits.js';

it.each([
  ['https://oss-cn-hangzhou.aliyuncs.com', 'Aliyun OSS', 'x-oss-forbid-overwrite'],
  ['https://s3.oss-cn-hangzhou-internal.aliyuncs.com', 'Aliyun OSS', 'x-oss-forbid-overwrite'],
  ['https://cos.ap-beijing.myqcloud.com', 'Tencent COS', 'x-cos-forbid-overwrite'],
  ['https://abc.r2.cloudflarestorage.com', 'Cloudflare R2', 'if-none-match'],
  ['http://127.0.0.1:9000', 'S3', 'if-none-match'],
  ['https://aliyuncs.com.example.org', 'S3', 'if-none-match'],
])('knows %s', (endpoint, service, putIfAbsent) => {
  expect(traitsOf({ endpoint })).toMatchObject({ service, putIfAbsent });
});

it('takes Amazon without an endpoint, and the plan’s own word before any', () => {
  expect(traitsOf({})).toMatchObject({ service: 'S3', putIfAbsent: 'if-none-match' });
  const endpoint = 'https://oss-cn-hangzhou.aliyuncs.com';
  const { putIfAbsent } = traitsOf({ endpoint, putIfAbsent: 'if-none-match' });
  expect(putIfAbsent).toBe('if-none-match');
});
