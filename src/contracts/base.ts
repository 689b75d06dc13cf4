import { z } from 'zod';

/** Lower-case hexadecimal sha256. */
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a sha256 in lower-case hexadecimal');

/** Money is integer fen (1 CNY = 100 fen) everywhere but in the plan file, where people write CNY. */
export const Fen = z.int().min(0);

/** ISO 8601 instant with milliseconds, UTC. */
export const Instant = z.iso.datetime();

export const PlanId = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9._-]{0,62}$/,
    'lower-case letters, digits, ".", "_" and "-", at most 63, beginning with a letter or digit',
  );

/** A file of an artifact: path relative to the artifact's root, with forward slashes. */
export const FileEntry = z.strictObject({
  path: z.string().min(1),
  size: z.int().min(0),
  sha256: Sha256,
});
export type FileEntry = z.infer<typeof FileEntry>;

/** `digest` is the sha256 of the manifest's canonical JSON; `bytes` the sum of its files. */
export const ArtifactRef = z.strictObject({ digest: Sha256, bytes: z.int().min(0) });
export type ArtifactRef = z.infer<typeof ArtifactRef>;

export const Manifest = z.strictObject({
  version: z.literal(1),
  kind: z.enum(['dataset', 'model', 'checkpoint', 'answers', 'report', 'files']),
  files: z.array(FileEntry).min(1),
});
export type Manifest = z.infer<typeof Manifest>;

export const Language = z.enum(['en', 'zh']);
export type Language = z.infer<typeof Language>;
