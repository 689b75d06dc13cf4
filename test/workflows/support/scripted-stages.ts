import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import type {
  GpuActivities,
  PrepActivities,
  StageInput,
} from '../../../src/contracts/activities.js';
import type { StageMetrics, StageOutcome } from '../../../src/contracts/outcome.js';
import type { StageName } from '../../../src/contracts/stages.js';
import { Chain } from '../../../src/store/chain.js';
import type { ObjectStore } from '../../../src/store/object-store.js';
import { writeResult } from '../../../src/store/results.js';

const DIGEST = 'a'.repeat(64);
const ref = (letter: string) => ({ digest: letter.repeat(64), bytes: 1 });

/** What an attempt of a stage does; `finish` when the script has nothing to say. */
export type Act = 'finish' | 'hold' | 'lose-host' | 'diverge' | 'bad-data';
export type Script = Partial<Record<StageName, Act[]>>;

const train = {
  steps: 10,
  stepsThisAttempt: 10,
  tokens: 100,
  finalLoss: 1,
  orderHash: DIGEST,
  weightsSha256: DIGEST,
  tokensPerSecond: 10,
  secondsPerStep: 0.5,
  resumedInexactly: false,
  parameters: 1,
  trainableParameters: 1,
};
const suite = {
  score: 0.5,
  n: 2,
  correct: 1,
  interval: [0.1, 0.9] as [number, number],
  unreadable: 0,
  meanAnswerTokens: 3,
  seconds: 1,
};
const evaluate: StageMetrics = {
  kind: 'evaluate',
  evaluate: { suites: { arithmetic: suite }, secondsPerQuestion: 1, answersThisAttempt: 2 },
};

const METRICS: Record<Exclude<StageName, 'report'>, StageMetrics> = {
  download: { kind: 'download', download: { items: [] } },
  convert: {
    kind: 'convert',
    convert: {
      rowsRead: 4,
      rowsKept: 4,
      rowsHeldOut: 0,
      rowsByRule: {},
      rowsDropped: 0,
      droppedRows: [],
      promptTokens: 1,
      responseTokens: 1,
      longest: 2,
      tokenizer: 'characters',
    },
  },
  validate: {
    kind: 'validate',
    validate: {
      rows: 4,
      tokensPerEpoch: 8,
      lengths: { p50: 2, p90: 2, max: 2 },
      shareThatFits: {},
      duplicates: 0,
      emptyFields: 0,
      overlap: {},
    },
  },
  'smoke-train': {
    kind: 'smoke-train',
    train,
    sample: { answers: [], secondsPerToken: 0.01 },
    secondsToReady: 1,
  },
  'eval-before': evaluate,
  'full-train': { kind: 'full-train', train },
  'eval-after': evaluate,
};

const ARTIFACTS: Partial<Record<StageName, Record<string, { digest: string; bytes: number }>>> = {
  download: { base: ref('b'), dataset: ref('c'), tokenizer: ref('d') },
  convert: { dataset: ref('e') },
  'full-train': { model: ref('f') },
};

/** Stages without torch: they keep the journal as real ones do and end as the script says. */
export class ScriptedStages {
  /** Every input that an activity got, in order. */
  readonly ran: StageInput[] = [];

  constructor(
    private readonly store: ObjectStore,
    private readonly script: Script,
  ) {}

  readonly prep: PrepActivities = {
    download: (input) => this.#finish(input),
    convert: (input) => this.#prep(input),
    validate: (input) => this.#finish(input),
  };
  readonly gpu: GpuActivities = {
    smokeTrain: (input) => this.#attempt(input),
    fullTrain: (input) => this.#attempt(input),
    evaluate: (input) => this.#attempt(input),
  };

  #next(stage: StageName): Act {
    return this.script[stage]?.shift() ?? 'finish';
  }

  #prep(input: StageInput): Promise<StageOutcome> {
    if (this.#next(input.stage) === 'finish') return this.#finish(input);
    throw ApplicationFailure.nonRetryable('row 3 has no field "question"', 'BadData');
  }

  async #attempt(input: StageInput): Promise<StageOutcome> {
    const { stage, planId } = input;
    const { info } = Context.current();
    const act = this.#next(stage);
    const chain = new Chain(this.store, input.stageKey);
    const host = `host-${info.attempt}`;
    const taken = { planId, stage, host, boot: host, attempt: info.attempt };
    const { token, before } = await chain.acquire(taken);
    await this.#settle(chain, stage, before.attempts.at(-1));
    const step = (before.newest?.step ?? 0) + 1;
    if (act !== 'finish') await chain.publish(token, { manifest: ref('9'), step, host });
    if (act === 'hold') return this.#hold(chain, token, step);
    if (act === 'diverge') {
      await chain.end(token, 'failed', step, 'loss is not finite');
      throw ApplicationFailure.nonRetryable('loss is not finite at step 2', 'Diverged');
    }
    if (act === 'lose-host') throw ApplicationFailure.create({ type: 'Preempted', message: host });
    await chain.end(token, 'finished', step);
    return this.#finish(input);
  }

  /** As a real attempt does: the first one after a loss writes the lost one's post-mortem. */
  async #settle(
    chain: Chain,
    stage: StageName,
    lost: { token: number; host: string; at: string; ended: unknown } | undefined,
  ): Promise<void> {
    if (lost === undefined || lost.ended !== null) return;
    await chain.postMortem({
      stage,
      kind: 'host-lost',
      lostToken: lost.token,
      host: lost.host,
      noticeSeen: false,
      lastSeenAt: lost.at,
      detectedAfterSeconds: 1,
      resumedAfterSeconds: 2,
      newestStepKnown: 1,
      resumedFromStep: 1,
      stepsLost: 0,
      moneyLostFen: 0,
    });
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
      await chain.publish(token, { manifest: ref('8'), step: step + 1, host: 'holder' });
      await chain.end(token, 'stopped', step + 1);
      return { kind: 'stopped', checkpoint: { step: step + 1, artifact: ref('8') } };
    }
  }

  async #finish(input: StageInput): Promise<StageOutcome> {
    this.ran.push(input);
    const { stage, stageKey, planId } = input;
    if (stage === 'report') throw new Error('the report is a control activity');
    const result = await writeResult(this.store, {
      stage,
      stageKey,
      planId,
      artifacts: ARTIFACTS[stage] ?? {},
      metrics: METRICS[stage],
      seconds: 1,
      finishedAt: new Date().toISOString(),
    });
    return { kind: 'finished', result };
  }
}
