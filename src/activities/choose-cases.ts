import type { ChooseCasesInput } from '../contracts/activities.js';
import type { ArtifactRef } from '../contracts/base.js';
import type { CaseRef } from '../contracts/trace.js';
import { pickCases } from '../report/comparison-cases.js';
import { parseLines } from '../report/lines.js';
import { AnswerRecord } from '../report/report-data.js';
import { blobKey, readManifest } from '../store/artifacts.js';
import { DamagedArtifactError, MissingObjectError } from '../store/errors.js';
import { Notes } from '../store/notes.js';
import type { ObjectStore } from '../store/object-store.js';
import type { ControlDeps } from './create-control-activities.js';

/** The questions that the report will show, as it chooses them; none where answers are damaged. */
export const chooseCases =
  ({ store }: Pick<ControlDeps, 'store'>) =>
  async ({ planId, before, after }: ChooseCasesInput): Promise<CaseRef[]> => {
    const picks = await new Notes(store, planId).picks();
    const cases = pickCases(await answersIn(store, before), await answersIn(store, after), picks);
    return cases.map((one) => ({ suite: one.before.suite, id: one.before.id }));
  };

async function answersIn(store: ObjectStore, { digest }: ArtifactRef): Promise<AnswerRecord[]> {
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
