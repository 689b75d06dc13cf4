import type { ArtifactRef } from '../contracts/base.js';
import type { BeforeScore } from '../contracts/before-scores.js';
import type { StageResult } from '../contracts/outcome.js';
import type { ResolvedPlan } from '../contracts/plan.js';
import type { ObjectStore } from '../store/object-store.js';
import { readResult } from '../store/results.js';
import { stageKeyOf } from '../store/stage-key.js';
import { askingsBefore, MAIN } from '../workflows/policy/askings.js';
import { stageConfiguration } from '../workflows/stage-configuration.js';
import { differences } from './plan-diff.js';

type Inputs = Readonly<Record<string, ArtifactRef>>;

/** What a plan asks of its base, as the key of the scores has it. */
export interface AskedBefore {
  readonly name: string;
  readonly configuration: Readonly<Record<string, unknown>>;
}

/** A plan's scores before, by store and trainer's code; `inputs` null: it has downloaded nothing yet. */
export interface Before {
  readonly asked: readonly AskedBefore[];
  readonly inputs: Inputs | null;
  readonly keyOf: (configuration: AskedBefore['configuration'], inputs: Inputs) => string;
}

const FACTS = { startedAt: '', modelFolder: '' } as const;

export async function beforeOf(
  plan: ResolvedPlan,
  store: ObjectStore,
  codeDigest: string,
): Promise<Before> {
  const common = { codeDigest, generation: 0 };
  const download = stageKeyOf({
    kind: 'download',
    configuration: stageConfiguration(plan, 'download', FACTS),
    inputs: {},
    ...common,
  });
  const downloaded = await readResult(store, download);
  return {
    asked: askingsBefore(plan).map(({ name, evaluation }) => ({
      name,
      configuration: stageConfiguration({ ...plan, evaluation }, 'eval-before', FACTS),
    })),
    inputs: downloaded ? inputsOf(downloaded) : null,
    keyOf: (configuration, inputs) =>
      stageKeyOf({ kind: 'eval-before', configuration, inputs, ...common }),
  };
}

/** As the workflow hands them to the evaluation. */
function inputsOf({ artifacts }: StageResult): Inputs {
  const { base, tokenizer, suites } = artifacts;
  return { model: base!, tokenizer: tokenizer!, ...(suites ? { suites } : {}) };
}

/** Those that have been paid for, each with what it depends on. */
export async function scoresIn(
  store: ObjectStore,
  { asked, keyOf }: Before,
  inputs: Inputs,
): Promise<BeforeScore[]> {
  const found = await Promise.all(
    asked.map(async ({ name, configuration }) => {
      const result = await readResult(store, keyOf(configuration, inputs));
      return result ? [{ name, configuration, inputs, result }] : [];
    }),
  );
  return found.flat();
}

const WORDS: Readonly<Record<string, string>> = {
  model: 'the base',
  tokenizer: 'the tokenizer',
  suites: 'the questions',
};

/** Why these scores are not what the plan would measure; none: they are. */
export function misfits(
  before: Before,
  codeDigest: string,
  told: { readonly codeDigest: string; readonly scores: readonly BeforeScore[] },
): string[] {
  const reasons: string[] = [];
  if (told.codeDigest !== codeDigest) {
    const [theirs, ours] = [told.codeDigest, codeDigest].map((digest) => digest.slice(0, 12));
    reasons.push(`made by trainer code ${theirs}, this is ${ours}: install the same version`);
  }
  if (!told.scores.some(({ name }) => name === MAIN)) reasons.push('no scores of the evaluation');
  for (const score of told.scores) reasons.push(...misfitsOf(before, score));
  return reasons;
}

function misfitsOf({ asked, inputs }: Before, score: BeforeScore): string[] {
  const { name, configuration } = score;
  const wanted = asked.find((one) => one.name === name);
  // What this plan does not ask does no harm.
  if (wanted === undefined) return [];
  const settings = differences(configuration, wanted.configuration);
  return [...settings, ...otherInputs(inputs, score.inputs)].map((why) => `${name}: ${why}`);
}

/** Before the download nothing is known of them; then the key decides. */
function otherInputs(ours: Inputs | null, theirs: Inputs): string[] {
  if (ours === null) return [];
  return Object.entries(WORDS).flatMap(([input, words]) => {
    const [digest, wanted] = [theirs[input]?.digest ?? 'none', ours[input]?.digest ?? 'none'];
    if (digest === wanted) return [];
    return [`${words} was ${digest.slice(0, 12)}, this plan has ${wanted.slice(0, 12)}`];
  });
}
