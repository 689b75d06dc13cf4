import { EXIT } from './events.js';

/** What follows from a failure of a stage's attempt. */
export interface Judgement {
  /** false: the stage fails for good. */
  readonly retry: boolean;
  /** Counts against the three attempts in a row without progress. */
  readonly countsAgainstTrainer: boolean;
  /** Exit code of the CLI when a plan ends by this. */
  readonly cliExit: number;
  readonly en: string;
  readonly zh: string;
}

/** Exit codes of `dream-sft`; documented in the README and tested. */
export const CLI_EXIT = {
  ok: 0,
  planFailed: 1,
  usage: 2,
  noServer: 3,
  notFound: 4,
  conflict: 5,
  cancelled: 6,
  spec: EXIT.spec,
  data: EXIT.data,
  missingTool: 70,
  portInUse: 71,
} as const;

const judgement = (
  retry: boolean,
  countsAgainstTrainer: boolean,
  cliExit: number,
  en: string,
  zh: string,
): Judgement => ({ retry, countsAgainstTrainer, cliExit, en, zh });

/** Reason → what follows. The failure types that cross Temporal are the keys of this table. */
export const FAILURES = {
  BadSpec: judgement(false, false, CLI_EXIT.spec, 'The run specification is wrong', '运行参数有误'),
  BadData: judgement(
    false,
    false,
    CLI_EXIT.data,
    'The data is wrong or damaged',
    '数据有误或已损坏',
  ),
  Diverged: judgement(
    false,
    false,
    CLI_EXIT.planFailed,
    'Training diverged: loss or gradient is not finite',
    '训练发散：损失或梯度不是有限数',
  ),
  OutOfResources: judgement(
    true,
    false,
    CLI_EXIT.planFailed,
    'Out of memory or disk on the host',
    '主机内存或磁盘不足',
  ),
  TrainerCrashed: judgement(
    true,
    true,
    CLI_EXIT.planFailed,
    'The trainer process ended unexpectedly',
    '训练进程意外退出',
  ),
  TrainerHung: judgement(
    true,
    true,
    CLI_EXIT.planFailed,
    'The trainer stopped making progress',
    '训练进程停止推进',
  ),
  Preempted: judgement(
    true,
    false,
    CLI_EXIT.planFailed,
    'The host was taken; training goes on elsewhere',
    '主机被回收，训练将在别处继续',
  ),
  Superseded: judgement(
    true,
    false,
    CLI_EXIT.planFailed,
    'A newer attempt has taken over; this one may no longer publish',
    '更新的尝试已接管，本次不得再发布',
  ),
  NoProgress: judgement(
    false,
    false,
    CLI_EXIT.planFailed,
    'Three attempts in a row ended without progress',
    '连续三次尝试都没有进展',
  ),
  CodeMismatch: judgement(
    false,
    false,
    CLI_EXIT.planFailed,
    'The host runs another version of the trainer than the plan was started with',
    '主机上的训练代码与计划启动时的版本不同',
  ),
  BadPlan: judgement(false, false, CLI_EXIT.spec, 'The plan is wrong', '计划文件有误'),
  MissingTool: judgement(
    false,
    false,
    CLI_EXIT.missingTool,
    'A program this stage needs is not there',
    '缺少本阶段需要的程序',
  ),
} as const satisfies Record<string, Judgement>;
export type FailureType = keyof typeof FAILURES;

export function isFailureType(type: string): type is FailureType {
  return Object.hasOwn(FAILURES, type);
}

export const NON_RETRYABLE: readonly FailureType[] = (
  Object.keys(FAILURES) as FailureType[]
).filter((type) => !FAILURES[type].retry);

/** Attempts in a row, ended by the trainer itself without a new checkpoint, that fail a stage. */
export const ATTEMPTS_WITHOUT_PROGRESS = 3;
