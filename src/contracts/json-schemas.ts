import { z } from 'zod';
import { Manifest } from './base.js';
import { Comparison, CompareSpec, GatherSpec } from './comparison.js';
import { TrainerEnvironment } from './environment.js';
import { TrainerEvent } from './events.js';
import { ChainEntry, HostRecord, LedgerEntry } from './journal.js';
import { Plan } from './plan.js';
import * as spec from './run-spec.js';
import { Summary } from './state.js';
import { Strategies, StrategiesSpec } from './strategies.js';
import { SuiteVersions } from './suites.js';
import { TraceSpec } from './trace.js';

/** File name in schemas/ (without `.schema.json`) → contract. Both languages validate against these. */
export const JSON_SCHEMAS: Readonly<Record<string, { schema: z.ZodType; title: string }>> = {
  'download-spec': { schema: spec.DownloadSpec, title: 'python -m dream_sft download' },
  'convert-spec': { schema: spec.ConvertSpec, title: 'python -m dream_sft convert' },
  'validate-spec': { schema: spec.ValidateSpec, title: 'python -m dream_sft validate' },
  'train-spec': { schema: spec.TrainSpec, title: 'python -m dream_sft train' },
  'sample-spec': { schema: spec.SampleSpec, title: 'python -m dream_sft sample' },
  'evaluate-spec': { schema: spec.EvaluateSpec, title: 'python -m dream_sft evaluate' },
  'merge-spec': { schema: spec.MergeSpec, title: 'python -m dream_sft merge' },
  'compare-spec': { schema: CompareSpec, title: 'python -m dream_sft compare' },
  'gather-spec': { schema: GatherSpec, title: 'python -m dream_sft gather' },
  'strategies-spec': { schema: StrategiesSpec, title: 'python -m dream_sft strategies' },
  'trace-spec': { schema: TraceSpec, title: 'python -m dream_sft trace' },
  strategies: { schema: Strategies, title: '<output>/strategies.json of strategies' },
  comparison: { schema: Comparison, title: '<output>/comparison.json of compare' },
  'suite-versions': { schema: SuiteVersions, title: 'Suites and their versions' },
  event: { schema: TrainerEvent, title: 'One line of the trainer’s stdout' },
  environment: { schema: TrainerEnvironment, title: '<runDir>/environment.json' },
  plan: { schema: Plan, title: 'A dream-sft plan' },
  summary: { schema: Summary, title: 'runs/<planId>/summary.json' },
  'chain-entry': { schema: ChainEntry, title: 'chains/<stageKey>/<seq>.json' },
  'ledger-entry': { schema: LedgerEntry, title: 'ledgers/<planId>/<seq>.json' },
  host: { schema: HostRecord, title: 'hosts/<id>.json' },
  manifest: { schema: Manifest, title: 'Manifest of an artifact' },
};

/** The text of a schema file: what a writer may leave out (defaults) is optional in it. */
export function jsonSchemaText(name: string): string {
  const entry = JSON_SCHEMAS[name];
  if (entry === undefined) throw new Error(`no contract is called ${name}`);
  const schema = z.toJSONSchema(entry.schema, { io: 'input', target: 'draft-2020-12' });
  return `${JSON.stringify({ title: entry.title, ...schema }, null, 2)}\n`;
}
