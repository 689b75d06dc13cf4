import { z } from 'zod';

/** How a store is asked to take an object only when its key is free. */
export const PutIfAbsentHeader = z.enum([
  'if-none-match',
  'x-oss-forbid-overwrite',
  'x-cos-forbid-overwrite',
]);
export type PutIfAbsentHeader = z.infer<typeof PutIfAbsentHeader>;

export const StoreConfig = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('local'),
    path: z.string().optional().describe('folder; .dream-sft/store when left out'),
  }),
  z.strictObject({
    kind: z.literal('s3'),
    bucket: z.string().min(3),
    prefix: z.string().default(''),
    endpoint: z.url().optional().describe('of a store that is not Amazon’s, without the bucket'),
    region: z.string().default('us-east-1'),
    forcePathStyle: z
      .boolean()
      .default(false)
      .describe('bucket in the path instead of the host name: MinIO and SeaweedFS want it'),
    checksum: z
      .enum(['md5', 'sha256'])
      .optional()
      .describe('sent with every object and part and checked by the store; md5 when left out'),
    putIfAbsent: PutIfAbsentHeader.optional().describe(
      'header of conditional writes; chosen by the endpoint when left out',
    ),
  }),
]);
export type StoreConfig = z.infer<typeof StoreConfig>;
