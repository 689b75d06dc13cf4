import type { Config } from '../../config/config.js';
import { CLI_EXIT } from '../../contracts/failures.js';
import { NoteEntry } from '../../contracts/notes.js';
import { ResolvedPlan } from '../../contracts/plan.js';
import type { StoreConfig } from '../../contracts/store.js';
import type { CaseRef } from '../../contracts/trace.js';
import { storedAnswers } from '../../report/stored-answers.js';
import { Notes } from '../../store/notes.js';
import type { ObjectStore } from '../../store/object-store.js';
import { openStore } from '../../store/open-store.js';
import { CliError } from '../cli-error.js';
import { config } from '../context.js';
import { print } from '../output.js';
import { answersOf, lastWords } from '../plan-model.js';
import { unknownPicks } from '../unknown-picks.js';

export async function note(
  planId: string,
  text: string,
  options: { readonly drill?: boolean },
): Promise<number> {
  const drill = options.drill === true;
  const entry = NoteEntry.safeParse({ type: 'note', text: text.trim(), drill, at: now() });
  if (!entry.success) throw new CliError('A note has 1 to 2000 letters.', CLI_EXIT.usage);
  await new Notes(await storeOf(await config(), planId), planId).add(entry.data);
  print(`Noted for ${planId}. ${shownBy(planId)}`);
  return CLI_EXIT.ok;
}

export interface CasesArguments {
  readonly pick?: readonly string[];
  readonly comment?: readonly string[];
  readonly byRule?: boolean;
}

export async function cases(planId: string, options: CasesArguments): Promise<number> {
  const { pick = [], comment = [], byRule = false } = options;
  if (comment.length > pick.length || (byRule && pick.length > 0)) {
    const why = byRule ? '--by-rule forgets what --pick chooses.' : 'A --comment has no --pick.';
    throw new CliError(why, CLI_EXIT.usage, 'dream-sft cases --help explains both.');
  }
  const picks = pick.map((one, i) => ({ ...parsePick(one), comment: comment[i] ?? null }));
  const settings = await config();
  const store = await storeOf(settings, planId);
  const notes = new Notes(store, planId);
  if (byRule || picks.length > 0) {
    const checked = await checkPicks(settings, store, planId, picks);
    await notes.add({ type: 'cases', picks, at: now() });
    const what = byRule
      ? 'Chosen by rule again'
      : `${picks.length} chosen${checked ? '' : UNCHECKED}`;
    print(`${what}. ${shownBy(planId)}`);
    return CLI_EXIT.ok;
  }
  const list = await notes.picks();
  if (list.length === 0) print('By rule: first fixed, first still wrong, first that got worse.');
  for (const { suite, id, comment: said } of list)
    print(`${suite}:${id}${said ? `  ${said}` : ''}`);
  return CLI_EXIT.ok;
}

const UNCHECKED = ', not checked: there are no answers of before and after yet';

/** Whether there were answers to look the questions up in; refuses a question that has none. */
async function checkPicks(
  settings: Config,
  store: ObjectStore,
  planId: string,
  picks: readonly CaseRef[],
): Promise<boolean> {
  if (picks.length === 0) return true;
  const answers = answersOf(await lastWords(settings, planId));
  if (answers === null) return false;
  const asked = await storedAnswers(store, answers.after);
  if (asked.length === 0) return false;
  const unknown = unknownPicks(picks, asked);
  if (unknown.length === 0) return true;
  throw new CliError(['Nothing was chosen.', ...unknown].join('\n  '), CLI_EXIT.notFound);
}

/** A question's id may hold colons itself; a suite's name never does. */
function parsePick(pick: string): { suite: string; id: string } {
  const [, suite, id] = /^([^:]+):(.+)$/.exec(pick) ?? [];
  if (suite && id) return { suite, id };
  const advice =
    'Name suite and question, as gsm8k:48; answers.jsonl of the evaluation has the ids.';
  throw new CliError(`--pick ${pick} names no question.`, CLI_EXIT.usage, advice);
}

const now = (): string => new Date().toISOString();

const shownBy = (planId: string): string =>
  `The report shows it when it is made: dream-sft retry ${planId} --from report makes it anew.`;

async function storeOf(settings: Config, planId: string): Promise<ObjectStore> {
  const place = await placeOf(settings, planId);
  return openStore(place, settings.home, settings.storeCredentials ?? undefined);
}

/** The server knows the plan; without one, the summary of an ended plan tells of its model's store. */
async function placeOf(settings: Config, planId: string): Promise<StoreConfig> {
  const { withClient } = await import('../connect.js');
  try {
    return await withClient(settings, async (client) => {
      const { memo } = await client.workflow.getHandle(planId).describe();
      return ResolvedPlan.pick({ store: true }).strip().parse(memo?.['plan']).store;
    });
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    const { readSummary } = await import('../summary-file.js');
    const summary = await readSummary(settings.home, planId).catch(() => null);
    if (!summary?.model) throw error;
    return summary.model.store;
  }
}
