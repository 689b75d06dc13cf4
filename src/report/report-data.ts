import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ArtifactRef } from '../contracts/base.js';
import { ENVIRONMENT_FILE, RunEnvironment } from '../contracts/environment.js';
import type { ChosenInterval } from '../contracts/interval.js';
import type { LedgerEntry, PostMortem } from '../contracts/journal.js';
import type { StoppedTraining } from '../contracts/activities.js';
import type { StageResult, TrainedSoFar, Validated } from '../contracts/outcome.js';
import type { ResolvedPlan } from '../contracts/plan.js';
import type { TrainMetrics as TrainMetricsSchema } from '../contracts/metrics.js';
import type { PlanState } from '../contracts/state.js';
import type { StageName } from '../contracts/stages.js';
import { blobKey, materialise, readManifest } from '../store/artifacts.js';
import { Ledger } from '../store/ledger.js';
import type { ObjectStore } from '../store/object-store.js';
import { type DataCheck, gatherDataCheck } from './data-check.js';
import { withEarlierRuns } from './earlier-runs.js';
import { type Extras, gatherExtras } from './extras.js';
import { jsonOf, parseLines, readLines } from './lines.js';

export type { BackOff } from './extras.js';

type TrainMetrics = z.infer<typeof TrainMetricsSchema>;

/** What a report tells of, gathered from results, artifacts and ledger; rendering only reads it. */
export interface ReportData extends Extras {
  readonly plan: ResolvedPlan;
  readonly state: PlanState;
  readonly results: Readonly<Partial<Record<StageName, StageResult>>>;
  readonly steps: readonly StepRecord[];
  /** Of full-train: its result, or its last checkpoint when it was stopped. */
  readonly trained: Trained | null;
  /** Null for a training without validation. */
  readonly validation: Validated | null;
  /** Null for a training whose plan fixes it. */
  readonly interval: ChosenInterval | null;
  readonly dataCheck: DataCheck | null;
  readonly before: readonly AnswerRecord[];
  readonly after: readonly AnswerRecord[];
  readonly postMortems: readonly PostMortem[];
  readonly ledger: readonly LedgerEntry[];
  /** Of full-train, else of the newest stage before it that told one. */
  readonly environment: RunEnvironment | null;
}

/** A checkpoint knows neither the size of the model nor a digest of its weights alone. */
export type Trained = TrainedSoFar & Partial<TrainMetrics>;

/** A line of metrics.jsonl; those of validations are not taken for one. */
export const StepRecord = z.looseObject({
  step: z.number(),
  loss: z.number().nullable(),
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
  readonly stopped: StoppedTraining | null;
  /** How the answers of the cases formed, before and after. */
  readonly traces?: ArtifactRef | null;
  /** Why there is none. */
  readonly notTraced?: string | null;
  /** Of all works of the plan, each shard’s too. */
  readonly chains?: readonly string[];
  readonly store: ObjectStore;
  /** Receives the report and, below `inputs/`, what it was made from. */
  readonly folder: string;
}

export async function gatherReportData(request: ReportRequest): Promise<ReportData> {
  const { plan, results, store } = request;
  const state = await withEarlierRuns(request);
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
    steps:
      (await stoppedSteps(request)) ??
      (await lines('full-train', 'run', 'metrics.jsonl', StepRecord)),
    trained: trainedOf(request),
    validation: validationOf(results),
    interval: intervalOf(results),
    dataCheck: await gatherDataCheck(
      store,
      results.validate?.artifacts['validation'],
      join(request.folder, 'inputs', 'validate', 'validation'),
    ),
    before: await lines('eval-before', 'answers', 'answers.jsonl', AnswerRecord),
    after: await lines('eval-after', 'answers', 'answers.jsonl', AnswerRecord),
    postMortems: state.interruptions,
    ledger: await new Ledger(store, plan.id).entries(),
    environment: await gatherEnvironment(request),
    ...(await gatherExtras(request)),
  };
}

function trainedOf({ results, stopped }: ReportRequest): Trained | null {
  const metrics = results['full-train']?.metrics;
  return metrics?.kind === 'full-train' ? metrics.train : (stopped?.training ?? null);
}

function validationOf({ 'full-train': trained }: ReportData['results']): Validated | null {
  return trained?.metrics.kind === 'full-train' ? (trained.metrics.validation ?? null) : null;
}

function intervalOf({ 'full-train': trained }: ReportData['results']): ChosenInterval | null {
  return trained?.metrics.kind === 'full-train' ? (trained.metrics.interval ?? null) : null;
}

/** A checkpoint carries the records up to its step; its weights are not brought for them. */
async function stoppedSteps({ store, stopped }: ReportRequest): Promise<StepRecord[] | null> {
  if (!stopped) return null;
  const { files } = await readManifest(store, stopped.checkpoint.digest);
  const file = files.find(({ path }) => path === 'metrics.jsonl');
  const bytes = file && (await store.get(blobKey(file.sha256)));
  return bytes ? parseLines(Buffer.from(bytes).toString('utf8'), StepRecord) : null;
}

const TELLS_ENVIRONMENT = ['full-train', 'eval-after', 'eval-before', 'smoke-train'] as const;

/** A training that was stopped leaves no result, but the evaluations ran on the same class of host. */
async function gatherEnvironment(request: ReportRequest): Promise<RunEnvironment | null> {
  for (const stage of TELLS_ENVIRONMENT) {
    const ref = request.results[stage]?.artifacts['run'];
    if (!ref) continue;
    const folder = join(request.folder, 'inputs', stage, 'run');
    await materialise(request.store, ref, folder);
    const text = await readFile(join(folder, ENVIRONMENT_FILE), 'utf8').catch(() => '');
    const parsed = RunEnvironment.safeParse(jsonOf(text));
    if (parsed.success) return parsed.data;
  }
  return null;
}
