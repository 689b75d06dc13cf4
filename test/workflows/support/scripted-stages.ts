import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import type {
  GpuActivities,
  PrepActivities,
  StageInput,
} from '../../../src/contracts/activities.js';
import type { ArtifactRef } from '../../../src/contracts/base.js';
import type { MicroBatchBudget } from '../../../src/contracts/budget.js';
import type { StageOutcome } from '../../../src/contracts/outcome.js';
import type { StageName } from '../../../src/contracts/stages.js';
import { Chain } from '../../../src/store/chain.js';
import type { ObjectStore } from '../../../src/store/object-store.js';
import { writeResult } from '../../../src/store/results.js';
import { scriptedCheckpoint } from './scripted-checkpoint.js';
import { ARTIFACTS, METRICS, scoring } from './scripted-results.js';
import { postMortemOf } from './scripted-post-mortem.mjs';

/** What an attempt of a stage does; `finish` when the script has nothing to say. */
export type Act = 'finish' | 'hold' | 'lose-host' | 'diverge' | 'bad-data';
type Kind = keyof typeof METRICS;
export type Script = Partial<Record<StageName, Act[]>>;

/** Stages without torch: they keep the journal as real ones do and end as the script says. */
export class ScriptedStages {
  /** Every input that an activity got, in order; an evaluation by its shards. */
  readonly ran: StageInput[] = [];
  /** What gather and compare got. */
  readonly joined: StageInput[] = [];

  /** What works of a kind leave in place of the usual. */
  artifacts: Partial<Record<Kind, Record<string, ArtifactRef>>> = {};

  /** Right answers of 200 by part, as `low-eval` of a pilot. */
  correct: Readonly<Record<string, number>> = {};

  /** What trainings found to fit, by part or stage. */
  budgets: Readonly<Record<string, MicroBatchBudget[]>> = {};

  constructor(
    private readonly store: ObjectStore,
    private readonly script: Script,
  ) {}

  readonly prep: PrepActivities = {
    download: (input) => this.#finish(input, 'download'),
    convert: (input) => this.#prep(input),
    validate: (input) => this.#finish(input, 'validate'),
    gather: (input) => this.#join(input, 'eval-before'),
    compare: (input) => this.#join(input, 'eval-after'),
  };
  readonly gpu: GpuActivities = {
    smokeTrain: (input) => this.#attempt(input, 'smoke-train'),
    fullTrain: (input) => this.#attempt(input, 'full-train'),
    evaluate: (input) => this.#attempt(input, 'eval-before'),
    traceCases: (input) => this.#attempt(input, 'trace'),
  };

  #next(stage: StageName): Act {
    return this.script[stage]?.shift() ?? 'finish';
  }

  #prep(input: StageInput): Promise<StageOutcome> {
    if (this.#next(input.stage) === 'finish') return this.#finish(input, 'convert');
    throw ApplicationFailure.nonRetryable('row 3 has no field "question"', 'BadData');
  }

  async #attempt(input: StageInput, kind: Kind): Promise<StageOutcome> {
    const { stage, planId } = input;
    const { info } = Context.current();
    const act = this.#next(stage);
    const chain = new Chain(this.store, input.stageKey);
    // Shards make attempts of one number at the same time; two hosts never have one name.
    const host = `host-${info.attempt}-of-${input.stageKey.slice(0, 8)}`;
    const run = info.workflowExecution?.runId ?? 'none';
    const taken = { planId, stage, host, boot: host, attempt: info.attempt, run };
    const { token, before } = await chain.acquire(taken);
    await this.#settle(chain, stage, before.attempts.at(-1));
    const step = (before.newest?.step ?? 0) + 1;
    if (act !== 'finish') await this.#publish(chain, token, step, host);
    if (act === 'hold') return this.#hold(chain, token, step);
    if (act === 'diverge') {
      await chain.end(token, 'failed', step, 'loss is not finite');
      throw ApplicationFailure.nonRetryable('loss is not finite at step 2', 'Diverged');
    }
    if (act === 'lose-host') throw ApplicationFailure.create({ type: 'Preempted', message: host });
    await chain.end(token, 'finished', step);
    return this.#finish(input, kind);
  }

  /** As a real attempt does: the first one after a loss writes the lost one's post-mortem. */
  async #settle(
    chain: Chain,
    stage: StageName,
    lost: { token: number; host: string; at: string; ended: unknown } | undefined,
  ): Promise<void> {
    if (lost === undefined || lost.ended !== null) return;
    await chain.postMortem(postMortemOf(stage, lost));
  }

  async #hold(chain: Chain, token: number, step: number): Promise<StageOutcome> {
    const context = Context.current();
    try {
      for (;;) {
        context.heartbeat({ step });
        await context.sleep(50);
      }
    } catch (error) {
      if (!(error instanceof CancelledFailure)) throw error;
      const artifact = await this.#publish(chain, token, step + 1, 'holder');
      await chain.end(token, 'stopped', step + 1);
      return { kind: 'stopped', checkpoint: { step: step + 1, artifact } };
    }
  }

  async #publish(chain: Chain, token: number, step: number, host: string): Promise<ArtifactRef> {
    const manifest = await scriptedCheckpoint(this.store, step);
    await chain.publish(token, { manifest, step, host });
    return manifest;
  }

  #budgets({ stage, part = stage }: StageInput): { budgets?: MicroBatchBudget[] } {
    const budgets = this.budgets[part];
    return budgets ? { budgets } : {};
  }

  /** Candidates of a pilot make different things, and so of different digests. */
  #artifacts({ stage, part, stageKey }: StageInput, kind: Kind): Record<string, ArtifactRef> {
    const usual = this.artifacts[kind] ?? ARTIFACTS[kind] ?? {};
    if (part === undefined || stage !== 'pilot') return usual;
    const own = { digest: stageKey, bytes: 1 };
    return Object.fromEntries(Object.keys(usual).map((name) => [name, own]));
  }

  async #finish(input: StageInput, kind: Kind): Promise<StageOutcome> {
    this.ran.push(input);
    return this.#leave(input, kind);
  }

  async #join(input: StageInput, kind: Kind): Promise<StageOutcome> {
    this.joined.push(input);
    return this.#leave(input, kind);
  }

  async #leave(input: StageInput, kind: Kind): Promise<StageOutcome> {
    const { stage, stageKey, planId, part = '' } = input;
    const correct = this.correct[part.replace('-gather', '')];
    const result = await writeResult(this.store, {
      stage,
      stageKey,
      planId,
      artifacts: this.#artifacts(input, kind),
      metrics: {
        ...(correct === undefined ? METRICS[kind] : scoring(correct)),
        ...this.#budgets(input),
      },
      seconds: 1,
      finishedAt: new Date().toISOString(),
    });
    return { kind: 'finished', result };
  }
}
