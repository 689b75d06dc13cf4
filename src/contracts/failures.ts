import { CLI_EXIT } from './cli-exit.js';
import type { InterruptionKind } from './journal.js';

export { CLI_EXIT } from './cli-exit.js';

/**
 * How an attempt that ended by a reason is reckoned.
 *
 * `preemption`: nobody's fault, and as often as it comes; `failure`: three in a row without a new
 * checkpoint fail the stage; `shortage`: the same, where the trainer knew nothing smaller to try;
 * `end`: the stage has failed; `nothing`: the attempt leaves no trace in this reckoning.
 */
export type CountsAs = 'preemption' | 'failure' | 'shortage' | 'end' | 'nothing';

/** What follows from a reason for which a stage's attempt ended. */
export interface Judgement {
  /** false: the stage fails for good. */
  readonly retry: boolean;
  /** Until the next attempt; null: as the stage's queue waits (retries.ts), or there is none. */
  readonly waitSeconds: number | null;
  readonly countsAs: CountsAs;
  /** What its post-mortem calls it; null: it has none. */
  readonly interruption: InterruptionKind | null;
  /** Whether a training that ended so is evaluated and reported from its last checkpoint. */
  readonly leavesModel: boolean;
  /** Exit code of the CLI when a plan ends by this. */
  readonly cliExit: number;
  readonly en: string;
  readonly zh: string;
  /** What a person does when the plan has failed by it; `{plan}` is its id. */
  readonly advice: { readonly en: string; readonly zh: string } | null;
}

const TRIED_AGAIN = {
  retry: true,
  waitSeconds: null,
  countsAs: 'nothing',
  interruption: null,
  leavesModel: false,
  cliExit: CLI_EXIT.planFailed,
  advice: null,
} as const;
const FINAL = { ...TRIED_AGAIN, retry: false, countsAs: 'end' } as const;
const PREEMPTION = { ...TRIED_AGAIN, countsAs: 'preemption' } as const;

const START_AGAIN = {
  en: 'then start the plan again; it goes on where it stopped',
  zh: '处理后重新启动该计划，它会从中断处继续',
} as const;
const CORRECT = {
  en: 'correct the plan and start it again; what has finished is not paid for twice',
  zh: '改正计划后重新启动；已完成的阶段不会重复花钱',
} as const;

/**
 * Reason → what follows: whoever decides on a retry reads it here. Those that an attempt tells cross
 * Temporal as the type of its failure; `HostLost` and `ConnectionLost` are told by nobody: the server
 * misses the heartbeat.
 */
export const FAILURES = {
  HostLost: {
    ...PREEMPTION,
    interruption: 'host-lost',
    en: 'The host was lost without a word',
    zh: '主机失联，没有任何预警',
  },
  ConnectionLost: {
    ...PREEMPTION,
    interruption: 'connection-lost',
    en: 'The link between host and server was cut',
    zh: '主机与服务器之间的连接中断',
  },
  Preempted: {
    ...PREEMPTION,
    waitSeconds: 1,
    interruption: 'preempted',
    en: 'The host was taken; training goes on elsewhere',
    zh: '主机被回收，训练将在别处继续',
  },
  Superseded: {
    ...TRIED_AGAIN,
    en: 'A newer attempt has taken over; this one may no longer publish',
    zh: '更新的尝试已接管，本次不得再发布',
  },
  StoreAway: {
    ...TRIED_AGAIN,
    en: 'The store is out of reach',
    zh: '存储暂时无法访问',
  },
  SourceAway: {
    ...TRIED_AGAIN,
    en: 'The source of model or data does not answer',
    zh: '模型或数据的来源没有响应',
  },
  OutOfResources: {
    ...TRIED_AGAIN,
    countsAs: 'shortage',
    interruption: 'out-of-resources',
    en: 'Out of memory or disk on the host',
    zh: '主机内存或磁盘不足',
    advice: START_AGAIN,
  },
  TrainerCrashed: {
    ...TRIED_AGAIN,
    countsAs: 'failure',
    interruption: 'trainer-crashed',
    en: 'The trainer process ended unexpectedly',
    zh: '训练进程意外退出',
  },
  TrainerHung: {
    ...TRIED_AGAIN,
    countsAs: 'failure',
    interruption: 'trainer-hung',
    en: 'The trainer stopped making progress',
    zh: '训练进程停止推进',
  },
  NoProgress: {
    ...FINAL,
    leavesModel: true,
    en: 'Three attempts in a row ended without progress',
    zh: '连续三次尝试都没有进展',
    advice: {
      en: 'dream-sft logs {plan} shows why; mend it and start the plan again: it goes on from its newest checkpoint (retry would begin anew)',
      zh: '原因见 dream-sft logs {plan}；处理后重新启动该计划，它会从最新的检查点继续（retry 则重新训练）',
    },
  },
  Diverged: {
    ...FINAL,
    leavesModel: true,
    en: 'Training diverged: loss or gradient is not finite',
    zh: '训练发散：损失或梯度不是有限数',
  },
  BadSpec: {
    ...FINAL,
    cliExit: CLI_EXIT.spec,
    en: 'The run specification is wrong',
    zh: '运行参数有误',
    advice: CORRECT,
  },
  BadData: {
    ...FINAL,
    cliExit: CLI_EXIT.data,
    en: 'The data is wrong or damaged',
    zh: '数据有误或已损坏',
    advice: {
      en: 'mend it, then: dream-sft retry {plan} --from download',
      zh: '修正后运行：dream-sft retry {plan} --from download',
    },
  },
  BadPlan: {
    ...FINAL,
    cliExit: CLI_EXIT.spec,
    en: 'The plan is wrong',
    zh: '计划文件有误',
    advice: CORRECT,
  },
  BadSummary: {
    ...FINAL,
    en: 'The summary of the plan cannot be written',
    zh: '无法写出计划的总结',
  },
  CodeMismatch: {
    ...FINAL,
    en: 'The host runs another version of the trainer than the plan was started with',
    zh: '主机上的训练代码与计划启动时的版本不同',
    advice: START_AGAIN,
  },
  MissingTool: {
    ...FINAL,
    cliExit: CLI_EXIT.missingTool,
    en: 'A program this stage needs is not there',
    zh: '缺少本阶段需要的程序',
    advice: START_AGAIN,
  },
} as const satisfies Record<string, Judgement>;
export type FailureType = keyof typeof FAILURES;

export function isFailureType(type: string): type is FailureType {
  return Object.hasOwn(FAILURES, type);
}

/** What follows from a failure that crossed Temporal; undefined: its type is none of ours. */
export const judgementOf = (type: string): Judgement | undefined =>
  isFailureType(type) ? FAILURES[type] : undefined;

export const NON_RETRYABLE: readonly FailureType[] = (
  Object.keys(FAILURES) as FailureType[]
).filter((type) => !FAILURES[type].retry);

/** In a row, each ended by the trainer itself without a new checkpoint: so many fail a stage. */
export const ATTEMPTS_WITHOUT_PROGRESS = 3;
