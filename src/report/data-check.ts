import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ArtifactRef } from '../contracts/base.js';
import { materialise } from '../store/artifacts.js';
import { DamagedArtifactError } from '../store/errors.js';
import type { ObjectStore } from '../store/object-store.js';

/** Rows of `from` tokens and more, and fewer than `to`; the last bin has no end. */
const LengthBin = z.object({ from: z.number(), to: z.number().nullable(), rows: z.number() });
export type LengthBin = z.infer<typeof LengthBin>;

const Validation = z.looseObject({ histogram: z.array(LengthBin) });

/** What validate saw of the data beyond its counts. */
export interface DataCheck {
  readonly histogram: readonly LengthBin[];
  /** Some documents as the model reads them, with the boundary between prompt and response. */
  readonly sample: string;
}

/** Null where the artifact is not there; what cannot be read of it is left out. */
export async function gatherDataCheck(
  store: ObjectStore,
  validation: ArtifactRef | undefined,
  folder: string,
): Promise<DataCheck | null> {
  if (!validation) return null;
  try {
    await materialise(store, validation, folder);
  } catch (error) {
    // A report with a gap beats none; a store that is away is asked again.
    if (!(error instanceof DamagedArtifactError)) throw error;
  }
  const read = (name: string): Promise<string> =>
    readFile(join(folder, name), 'utf8').catch(() => '');
  return {
    histogram: histogramOf(await read('validation.json')),
    sample: (await read('sample.txt')).trimEnd(),
  };
}

function histogramOf(text: string): readonly LengthBin[] {
  try {
    return Validation.parse(JSON.parse(text)).histogram;
  } catch {
    return [];
  }
}
