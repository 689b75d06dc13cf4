import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { Widths } from '../contracts/training-rules.js';
import type { Get } from './plan-cross-checks.js';

/** config.json of both published models of 7 billion parameters. */
const DREAM_7B = { hidden: 3584, intermediate: 18_944, heads: 28, keyHeads: 4 };
const DREAM_7B_REPOS = ['Dream-org/Dream-v0-Base-7B', 'Dream-org/Dream-v0-Instruct-7B'];

const ModelConfig = z.looseObject({
  hidden_size: z.int().min(1),
  intermediate_size: z.int().min(1),
  num_attention_heads: z.int().min(1),
  num_key_value_heads: z.int().min(1),
});

/** Of a plan's base model; null: only its download will tell. */
export async function widthsOf(get: Get, folder: string): Promise<Widths | null> {
  const [kind, repo, path] = ['kind', 'repo', 'path'].map((key) => get('base', key));
  if (kind === 'hub') return DREAM_7B_REPOS.includes(String(repo)) ? DREAM_7B : null;
  if (kind === 'initialised') return initialised(get('base', 'width'), get('base', 'heads'));
  if (kind !== 'file' || typeof path !== 'string') return null;
  return written(join(resolve(folder, path), 'config.json'));
}

/** As trainer/dream_sft/download/initialised_source.py makes it. */
function initialised(width: unknown, heads: unknown): Widths | null {
  if (typeof width !== 'number' || typeof heads !== 'number' || heads < 1) return null;
  return { hidden: width, intermediate: width * 3, heads, keyHeads: heads };
}

/** A folder that is not there, or holds no model, is told elsewhere. */
async function written(path: string): Promise<Widths | null> {
  try {
    const parsed = ModelConfig.parse(JSON.parse(await readFile(path, 'utf8')));
    return {
      hidden: parsed.hidden_size,
      intermediate: parsed.intermediate_size,
      heads: parsed.num_attention_heads,
      keyHeads: parsed.num_key_value_heads,
    };
  } catch {
    return null;
  }
}
