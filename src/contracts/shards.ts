import { z } from 'zod';

/** Questions [from, to) of an evaluation, counted through its suites in their order. */
export const Shard = z.strictObject({ from: z.int().min(0), to: z.int().min(1) });
export type Shard = z.infer<typeof Shard>;

/** More would be starts of trainers and little else. */
export const MOST_SHARDS = 64;
