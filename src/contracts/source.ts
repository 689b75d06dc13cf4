import { z } from 'zod';
import { Sha256 } from './base.js';

/** Where a file or folder comes from. The download stage pins what is left open (hub revisions). */
export const Source = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('file'),
    path: z.string().min(1).describe('file or folder; relative to the plan file'),
    sha256: Sha256.optional(),
  }),
  z.strictObject({ kind: z.literal('url'), url: z.url(), sha256: Sha256.optional() }),
  z.strictObject({
    kind: z.literal('hub'),
    repo: z.string().regex(/^[^/\s]+\/[^/\s]+$/, 'owner/name'),
    repoType: z.enum(['model', 'dataset']).default('model'),
    revision: z.string().default('main'),
    files: z.array(z.string()).optional().describe('glob patterns; all files when left out'),
  }),
  z.strictObject({
    kind: z.literal('generated'),
    generator: z.literal('arithmetic'),
    rows: z.int().min(1),
    seed: z.int().min(0).default(0),
  }),
  z.strictObject({
    kind: z.literal('initialised').describe('a small Dream with random weights, to try a pipeline'),
    width: z.int().min(8).max(512),
    layers: z.int().min(1).max(16),
    heads: z.int().min(1),
    seed: z.int().min(0).default(0),
  }),
]);
export type Source = z.infer<typeof Source>;
