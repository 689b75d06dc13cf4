import type { ArtifactRef } from '../contracts/base.js';
import { blobKey, readManifest } from '../store/artifacts.js';
import { DamagedArtifactError, MissingObjectError } from '../store/errors.js';
import type { ObjectStore } from '../store/object-store.js';
import { parseLines } from './lines.js';
import { AnswerRecord } from './report-data.js';

/** The answers of an evaluation, read where they lie; none where they are damaged. */
export async function storedAnswers(
  store: ObjectStore,
  { digest }: ArtifactRef,
): Promise<AnswerRecord[]> {
  try {
    const { files } = await readManifest(store, digest);
    const file = files.find(({ path }) => path === 'answers.jsonl');
    const bytes = file && (await store.get(blobKey(file.sha256)));
    return bytes ? parseLines(Buffer.from(bytes).toString('utf8'), AnswerRecord) : [];
  } catch (error) {
    if (error instanceof DamagedArtifactError || error instanceof MissingObjectError) return [];
    throw error;
  }
}
