import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import type { ArtifactRef, Language } from '../contracts/base.js';
import { Comparison } from '../contracts/comparison.js';
import type { CasePick, NoteEntry } from '../contracts/notes.js';
import type { StageResult } from '../contracts/outcome.js';
import type { ResolvedPlan } from '../contracts/plan.js';
import type { StageName } from '../contracts/stages.js';
import { Strategies } from '../contracts/strategies.js';
import { SampleTrace } from '../contracts/trace.js';
import { parametersOf } from '../recipes/parameters.js';
import { isDream7b, readWhy, reasonOf } from '../recipes/reasons.js';
import { materialise } from '../store/artifacts.js';
import { Chain } from '../store/chain.js';
import type { Budget } from '../store/fold-chain.js';
import { Notes } from '../store/notes.js';
import type { ObjectStore } from '../store/object-store.js';
import { jsonOf, readLines } from './lines.js';

/** What a report has more of when it is there: it is whole without. */
export interface Extras {
  readonly comparison: Comparison | null;
  readonly strategies: Strategies | null;
  readonly traces: {
    readonly before: readonly SampleTrace[];
    readonly after: readonly SampleTrace[];
  };
  /** Why the plan has recorded none; null: it has, or there was nothing to record. */
  readonly notTraced: string | null;
  readonly notes: readonly Note[];
  /** Cases chosen by hand; none: by rule. */
  readonly picks: readonly CasePick[];
  readonly backOffs: readonly BackOff[];
  readonly reasons: readonly ParameterReason[];
}

export type Note = Omit<Extract<NoteEntry, { type: 'note' }>, 'type'>;
export type BackOff = Pick<Budget, 'resource' | 'tokenBudget' | 'at'>;

export type ParameterReason = { readonly path: string; readonly value: string } & Readonly<
  Record<Language, string>
>;

interface Request {
  readonly plan: ResolvedPlan;
  readonly results: Readonly<Partial<Record<StageName, StageResult>>>;
  readonly traces?: ArtifactRef | null;
  readonly notTraced?: string | null;
  readonly chains?: readonly string[];
  readonly store: ObjectStore;
  readonly folder: string;
}

export async function gatherExtras(request: Request): Promise<Extras> {
  const { plan, store } = request;
  const notes = new Notes(store, plan.id);
  const entries = await notes.entries();
  return {
    comparison: await documentOf(request, 'comparison', Comparison),
    strategies: await documentOf(request, 'strategies', Strategies),
    traces: {
      before: await tracesOf(request, 'before'),
      after: await tracesOf(request, 'after'),
    },
    notTraced: request.notTraced ?? null,
    notes: entries.flatMap((entry) => (entry.type === 'note' ? [entry] : [])),
    picks: await notes.picks(),
    backOffs: await backOffsOf(request),
    reasons: await reasonsOf(plan),
  };
}

/** Where a file may lie: in an artifact of its name, beside the answers, or in the plan's folder. */
async function places({ results, store, folder }: Request, name: string): Promise<string[]> {
  const stage = 'eval-after';
  const artifacts = results[stage]?.artifacts ?? {};
  const brought = [artifacts[name] ? name : '', artifacts['answers'] ? 'answers' : ''].filter(
    (one) => one !== '',
  );
  const folders = brought.map((one) => join(folder, 'inputs', stage, one));
  for (const [i, one] of brought.entries()) await materialise(store, artifacts[one]!, folders[i]!);
  return [...folders, join(folder, '..', name)];
}

/** Null where there is none that fits its contract: a report with a gap beats none. */
async function documentOf<T>(
  request: Request,
  name: 'comparison' | 'strategies',
  schema: z.ZodType<T>,
): Promise<T | null> {
  for (const place of await places(request, name)) {
    const text = await readFile(join(place, `${name}.json`), 'utf8').catch(() => '');
    const parsed = schema.safeParse(jsonOf(text));
    if (parsed.success) return parsed.data;
  }
  return null;
}

/** What the plan has recorded, then what a person has saved into the plan's folder. */
async function tracesOf(request: Request, when: 'before' | 'after'): Promise<SampleTrace[]> {
  const { traces, store, folder } = request;
  const recorded = join(folder, 'inputs', 'traces');
  if (traces) await materialise(store, traces, recorded);
  const places = [...(traces ? [recorded] : []), join(folder, '..', 'traces')];
  const files = places.map((place) => join(place, `${when}.jsonl`));
  return (await Promise.all(files.map((file) => readLines(file, SampleTrace)))).flat();
}

/** Shards and the works of a pilot have chains of their own, which no result names. */
async function backOffsOf({ results, chains = [], store }: Request): Promise<BackOff[]> {
  const named = Object.values(results).map(({ stageKey }) => stageKey);
  const keys = [...new Set([...named, ...chains])];
  const folded = await Promise.all(keys.map((key) => new Chain(store, key).fold()));
  return folded.flatMap(({ budgets }) => budgets);
}

/** Of parameters that somebody chose for this model, with the source of the choice. */
async function reasonsOf(plan: ResolvedPlan): Promise<ParameterReason[]> {
  if (!isDream7b(plan.base)) return [];
  const why = await readWhy();
  // A resolved plan holds money otherwise than a file does; reasons are wanted for these two only.
  const { training, data } = plan;
  const chosen = parametersOf({ training, data } as Parameters<typeof parametersOf>[0]);
  return chosen.flatMap((parameter) => {
    const reason = reasonOf(why, plan.id, parameter);
    const value = JSON.stringify(parameter.value);
    return reason ? [{ path: parameter.path, value, en: reason.en, zh: reason.zh }] : [];
  });
}
