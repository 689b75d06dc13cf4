import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Digest of what produces results: the trainer's code, its pinned requirements and the schemas. */
export async function codeDigest(root: string): Promise<string> {
  const code = await filesBelow(join(root, 'trainer', 'dream_sft'), '.py');
  const schemas = await filesBelow(join(root, 'schemas'), '.json');
  const hash = createHash('sha256');
  for (const path of [...code, join(root, 'trainer', 'requirements.txt'), ...schemas]) {
    hash
      .update(`${path.slice(root.length)}\0`)
      .update(await readFile(path))
      .update('\0');
  }
  return hash.digest('hex');
}

async function filesBelow(folder: string, ending: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return names
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(folder, name));
}
