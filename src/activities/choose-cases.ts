import type { ChooseCasesInput } from '../contracts/activities.js';
import type { CaseRef } from '../contracts/trace.js';
import { pickCases } from '../report/comparison-cases.js';
import { storedAnswers } from '../report/stored-answers.js';
import { Notes } from '../store/notes.js';
import type { ControlDeps } from './create-control-activities.js';

/** The questions that the report will show, as it chooses them; none where answers are damaged. */
export const chooseCases =
  ({ store }: Pick<ControlDeps, 'store'>) =>
  async ({ planId, before, after }: ChooseCasesInput): Promise<CaseRef[]> => {
    const picks = await new Notes(store, planId).picks();
    const answers = [
      await storedAnswers(store, before),
      await storedAnswers(store, after),
    ] as const;
    return pickCases(...answers, picks).map((one) => ({
      suite: one.before.suite,
      id: one.before.id,
    }));
  };
