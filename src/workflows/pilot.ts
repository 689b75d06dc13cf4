import { ApplicationFailure } from '@temporalio/workflow';
import type { ArtifactRef } from '../contracts/base.js';
import type { StageResult } from '../contracts/outcome.js';
import type { PilotCandidate, PilotConfig, PilotTrial } from '../contracts/pilot.js';
import type { ResolvedPlan } from '../contracts/plan.js';
import type { StageName } from '../contracts/stages.js';
import { carryOut, type Inputs, type Work, type WorkEnd } from './carry-out.js';
import { askingWork } from './evaluate.js';
import type { Chosen, PlanRun } from './plan-run.js';
import { failureSentence, isOfTraining } from './policy/judgement.js';
import { mustStop } from './policy/money.js';
import { decide, pilotMoney, trialOf, trialPlan, withCandidate } from './policy/pilot.js';
import {
  convertSentence,
  questionsOf,
  rowsKept,
  trainSentence,
  VALIDATE_SENTENCE,
} from './sentences.js';
import { stageConfiguration } from './stage-configuration.js';

/** How the pilot has ended; full-train follows in either case. */
export type PilotEnd =
  { readonly kind: 'decided' } | { readonly kind: 'went-back'; readonly to: StageName };

const OUT_OF_MONEY = 'no score: what is left of the money is for full-train';

/**
 * Trains each candidate for a short while, one after another, and scores it on questions that judge
 * nothing else; full-train goes on with the values of the winner. Each work has a chain and a result
 * of its own, so that a lost host, a pause or a new start of the plan repeats little.
 */
export async function pilot(run: PlanRun): Promise<PilotEnd> {
  run.stage = 'pilot';
  const config = run.plan.pilot;
  if (config === undefined) return { kind: 'decided' };
  const trials: PilotTrial[] = [];
  const data = new Map<string, Chosen['results']>();
  let compared = 0;
  for (const one of config.candidates) {
    const tried = await new Trial(run, config, one).carryOut();
    if (tried.kind === 'went-back') return tried;
    if (tried.kind === 'compared') compared += 1;
    trials.push(tried.trial);
    data.set(one.name, tried.results);
    tell(run, config, trials, false, compared);
  }
  const chosen = tell(run, config, trials, true, compared);
  const winner = config.candidates.find(({ name }) => name === chosen);
  if (winner) {
    run.chosen = { plan: withCandidate(run.plan, winner), results: data.get(winner.name) ?? {} };
  }
  const cached = compared === trials.length && !run.stageKeys.has('pilot');
  run.apply({ type: cached ? 'stageCached' : 'stageFinished', stage: 'pilot' });
  return { kind: 'decided' };
}

function tell(
  run: PlanRun,
  { suite }: PilotConfig,
  trials: readonly PilotTrial[],
  ended: boolean,
  compared: number,
): string | null {
  const decision = ended ? decide(trials, compared) : { chosen: null, clear: false };
  const told = { suite: suite.name, trials: [...trials], ended, ...decision };
  run.apply({ type: 'pilotTold', pilot: told });
  return decision.chosen;
}

type Tried =
  | {
      readonly kind: 'compared' | 'left-out';
      readonly trial: PilotTrial;
      readonly results: Chosen['results'];
    }
  | { readonly kind: 'went-back'; readonly to: StageName };

/** Thrown inside a trial by whatever ends it early; never leaves this file. */
class Ended {
  constructor(readonly how: Exclude<WorkEnd, { kind: 'finished' }>) {}
}

class Trial {
  readonly #plan: ResolvedPlan;
  #results: Chosen['results'] = {};

  constructor(
    private readonly run: PlanRun,
    private readonly config: PilotConfig,
    private readonly one: PilotCandidate,
  ) {
    this.#plan = trialPlan(run.plan, config, one);
  }

  async carryOut(): Promise<Tried> {
    const { plan, state } = this.run;
    if (mustStop(plan, pilotMoney(plan, state.quote), state.spentFen)) {
      return this.#told('left-out', OUT_OF_MONEY);
    }
    try {
      return this.#told('compared', await this.#score(await this.#train()));
    } catch (error) {
      if (error instanceof Ended) {
        return error.how.kind === 'went-back' ? error.how : this.#told('left-out', OUT_OF_MONEY);
      }
      if (!(error instanceof ApplicationFailure)) throw error;
      const failure = { type: error.type ?? 'Error', message: error.message };
      // Values that cannot be trained with have lost; anything else is nobody's fault.
      if (!isOfTraining(failure)) throw error;
      const zh = plan.language === 'zh';
      return this.#told('compared', failureSentence('pilot', failure, zh));
    }
  }

  #told(kind: 'compared' | 'left-out', outcome: StageResult | string): Tried {
    const trial = trialOf(this.run.plan, this.one, outcome);
    return { kind, trial, results: this.#results };
  }

  async #train(): Promise<ArtifactRef> {
    const { base, tokenizer } = this.#downloaded();
    const dataset = await this.#dataset();
    const convert = (this.#results.convert ?? this.run.results.convert)?.metrics;
    const rows = convert?.kind === 'convert' ? convert.convert.rowsKept : rowsKept(this.run);
    const sentence = trainSentence(this.#plan, rows);
    const trained = await this.#work('full-train', sentence, { base, dataset, tokenizer });
    return artifactOf(trained, 'model');
  }

  /** Another view makes other documents: they are converted, and validated like the plan's own. */
  async #dataset(): Promise<ArtifactRef> {
    const { run } = this;
    if (this.#plan.data.view === run.plan.data.view)
      return artifactOf(run.results.convert, 'dataset');
    const { dataset: rows, tokenizer, suites } = this.#downloaded();
    const inputs = { dataset: rows, tokenizer };
    const convert = await this.#work('convert', convertSentence(this.#plan), inputs);
    const dataset = artifactOf(convert, 'dataset');
    const own = { dataset, tokenizer, ...(suites ? { suites } : {}) };
    const validate = await this.#work('validate', VALIDATE_SENTENCE, own, run.plan);
    this.#results = { convert, validate };
    return dataset;
  }

  #score(model: ArtifactRef): Promise<StageResult> {
    const { tokenizer, pilot: suites } = this.#downloaded();
    const inputs = { model, tokenizer, ...(suites ? { suites } : {}) };
    const summary = `candidate ${this.one.name}: answers ${questionsOf(this.#plan)}`;
    const part = `${this.one.name}-eval`;
    const of = { stage: 'pilot', kind: 'eval-after', part, inputs, summary } as const;
    return this.#carryOut(askingWork(this.#plan, of, this.#facts));
  }

  get #facts() {
    return { startedAt: this.run.startedAt, modelFolder: '' } as const;
  }

  #downloaded(): Inputs & Readonly<Record<'base' | 'tokenizer' | 'dataset', ArtifactRef>> {
    const { results } = this.run;
    const named = (name: string): ArtifactRef => artifactOf(results.download, name);
    const needed = {
      base: named('base'),
      tokenizer: named('tokenizer'),
      dataset: named('dataset'),
    };
    return { ...results.download?.artifacts, ...needed };
  }

  /** `plan` is whose values the work depends on: validate asks for the plan's own questions. */
  #work(
    kind: StageName,
    sentence: string,
    inputs: Inputs,
    plan: ResolvedPlan = this.#plan,
  ): Promise<StageResult> {
    return this.#carryOut({
      stage: 'pilot',
      kind,
      part: `${this.one.name}-${kind}`,
      configuration: stageConfiguration(plan, kind, this.#facts),
      inputs,
      summary: `candidate ${this.one.name}: ${sentence}`,
    });
  }

  async #carryOut(work: Work): Promise<StageResult> {
    const ended = await carryOut(this.run, work);
    if (ended.kind !== 'finished') throw new Ended(ended);
    return ended.result;
  }
}

function artifactOf(result: StageResult | undefined, name: string): ArtifactRef {
  const found = result?.artifacts[name];
  if (found) return found;
  throw ApplicationFailure.nonRetryable(`no artifact ${name} to try candidates with`, 'BadData');
}
