import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ENVIRONMENT_FILE, RunEnvironment } from '../contracts/environment.js';
import type { LedgerEntry, PostMortem } from '../contracts/journal.js';
import type { StageResult } from '../contracts/outcome.js';
import type { ResolvedPlan } from '../contracts/plan.js';
import type { PlanState } from '../contracts/state.js';
import type { StageName } from '../contracts/stages.js';
import { materialise } from '../store/artifacts.js';
import { Ledger } from '../store/ledger.js';
import type { ObjectStore } from '../store/object-store.js';

/** What a report tells of, gathered from results, artifacts and ledger; rendering only reads it. */
export interface ReportData {
  readonly plan: ResolvedPlan;
  readonly state: PlanState;
  readonly results: Readonly<Partial<Record<StageName, StageResult>>>;
  readonly steps: readonly StepRecord[];
  readonly before: readonly AnswerRecord[];
  readonly after: readonly AnswerRecord[];
  readonly postMortems: readonly PostMortem[];
  readonly ledger: readonly LedgerEntry[];
  /** Of full-train, else of the newest stage before it that told one. */
  readonly environment: RunEnvironment | null;
}

/** A line of metrics.jsonl. */
export const StepRecord = z.looseObject({
  step: z.number(),
  loss: z.number(),
  learningRate: z.number(),
  gradientNorm: z.number(),
  tokensPerSecond: z.number(),
});
export type StepRecord = z.infer<typeof StepRecord>;

/** A line of answers.jsonl. */
export const AnswerRecord = z.looseObject({
  suite: z.string(),
  id: z.union([z.string(), z.number()]).transform(String),
  question: z.string(),
  gold: z.union([z.string(), z.number()]).transform(String),
  answer: z.string(),
  extracted: z
    .union([z.string(), z.number(), z.null()])
    .transform((v) => (v === null ? null : String(v))),
  correct: z.boolean(),
});
export type AnswerRecord = z.infer<typeof AnswerRecord>;

export interface ReportRequest {
  readonly plan: ResolvedPlan;
  readonly state: PlanState;
  readonly results: ReportData['results'];
  readonly store: ObjectStore;
  /** Receives the report and, below `inputs/`, what it was made from. */
  readonly folder: string;
}

export async function gatherReportData(request: ReportRequest): Promise<ReportData> {
  const { plan, state, results, store } = request;
  const lines = async <T>(
    stage: StageName,
    name: string,
    file: string,
    schema: z.ZodType<T>,
  ): Promise<T[]> => {
    const ref = results[stage]?.artifacts[name];
    if (!ref) return [];
    const folder = join(request.folder, 'inputs', stage, name);
    await materialise(store, ref, folder);
    return readLines(join(folder, file), schema);
  };
  return {
    plan,
    state,
    results,
    steps: await lines('full-train', 'run', 'metrics.jsonl', StepRecord),
    before: await lines('eval-before', 'answers', 'answers.jsonl', AnswerRecord),
    after: await lines('eval-after', 'answers', 'answers.jsonl', AnswerRecord),
    postMortems: state.interruptions,
    ledger: await new Ledger(store, plan.id).entries(),
    environment: await gatherEnvironment(request),
  };
}

const TELLS_ENVIRONMENT = ['full-train', 'eval-after', 'eval-before', 'smoke-train'] as const;

/** A training that was stopped leaves no result, but the evaluations ran on the same class of host. */
async function gatherEnvironment(request: ReportRequest): Promise<RunEnvironment | null> {
  for (const stage of TELLS_ENVIRONMENT) {
    const ref = request.results[stage]?.artifacts['run'];
    if (!ref) continue;
    const folder = join(request.folder, 'inputs', stage, 'run');
    await materialise(request.store, ref, folder);
    const text = await readFile(join(folder, ENVIRONMENT_FILE), 'utf8').catch(() => 'null');
    const parsed = RunEnvironment.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
  }
  return null;
}

/** Lines that do not fit are left out: a report with a gap beats none. */
export async function readLines<T>(path: string, schema: z.ZodType<T>): Promise<T[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .flatMap((line) => {
      const parsed = schema.safeParse(JSON.parse(line));
      return parsed.success ? [parsed.data] : [];
    });
}
