import { z } from 'zod';
import { Sha256 } from './base.js';

const file = z.strictObject({
  kind: z.literal('file'),
  path: z.string().min(1).describe('file or folder; relative to the plan file'),
  sha256: Sha256.optional().describe(
    'checked when given; of a folder: of its listing as sha256sum prints it',
  ),
});
const url = z.strictObject({
  kind: z.literal('url'),
  url: z.url().describe('one file; a broken download goes on where it stopped'),
  sha256: Sha256.optional().describe('checked when given'),
});
const hub = z.strictObject({
  kind: z.literal('hub'),
  repo: z
    .string()
    .regex(/^[^/\s]+\/[^/\s]+$/, 'owner/name')
    .describe('owner/name on the Hugging Face hub'),
  repoType: z.enum(['model', 'dataset']).default('model'),
  revision: z.string().default('main').describe('branch, tag or commit; the commit is recorded'),
  files: z.array(z.string()).optional().describe('glob patterns; all files when left out'),
});

/** Where a file or folder comes from. The download stage pins what is left open (hub revisions). */
export const Source = z.discriminatedUnion('kind', [
  file,
  url,
  hub,
  z.strictObject({
    kind: z.literal('generated'),
    generator: z.literal('arithmetic').describe('two-digit additions with worked steps'),
    rows: z.int().min(1).describe('how many questions'),
    seed: z.int().min(0).default(0).describe('other seeds give other questions'),
  }),
  z.strictObject({
    kind: z.literal('initialised').describe('a small Dream with random weights, to try a pipeline'),
    width: z.int().min(8).max(512).describe('size of the hidden state'),
    layers: z.int().min(1).max(16).describe('transformer blocks'),
    heads: z.int().min(1).describe('attention heads, which share the width evenly'),
    seed: z.int().min(0).default(0).describe('of the weights'),
  }),
]);
export type Source = z.infer<typeof Source>;

/** A source of rows that somebody wrote. */
export const RowsSource = z.discriminatedUnion('kind', [file, url, hub]);
