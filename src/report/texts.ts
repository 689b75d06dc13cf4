import type { Language } from '../contracts/base.js';

/** Every sentence of the report in both languages, side by side so that none is forgotten. */
const TEXTS = {
  before: ['Before', '微调前'],
  after: ['After', '微调后'],
  summary: ['Result', '结果'],
  noChange: [
    'No distinguishable change: the intervals of before and after overlap.',
    '看不出变化：前后两个置信区间有重叠。',
  ],
  better: ['Better: the intervals do not overlap.', '变好：两个置信区间不重叠。'],
  worse: ['Worse: the intervals do not overlap.', '变差：两个置信区间不重叠。'],
  interval: ['95 % interval (Wilson)', '95% 置信区间（Wilson）'],
  suite: ['Suite', '评测集'],
  questions: ['Questions', '题数'],
  unreadable: ['Unreadable', '无法读取'],
  lossCurve: ['Loss', '损失'],
  learningRate: ['Learning rate', '学习率'],
  tokensPerSecond: ['Tokens per second', '每秒词元数'],
  gradientNorm: ['Gradient norm', '梯度范数'],
  step: ['step', '步'],
  training: ['Training', '训练'],
  timeline: ['Timeline', '时间线'],
  interruptions: ['Interruptions survived', '经历的中断'],
  noInterruptions: ['No interruption happened.', '没有发生中断。'],
  cases: ['Three comparison cases', '三个对比案例'],
  casesRule: [
    'Picked by rule, in the order of the questions: the first fixed, the first still wrong, the first that got worse (else the first both right).',
    '按固定规则选取（依题目顺序）：第一个改对的、第一个仍错的、第一个变差的（若无，则第一个都对的）。',
  ],
  noCases: ['No question was answered both before and after.', '没有前后都作答的题目。'],
  fixed: ['fixed', '改对了'],
  'still-wrong': ['still wrong', '仍然错'],
  'got-worse': ['got worse', '变差了'],
  'both-right': ['both right', '都对'],
  question: ['Question', '题目'],
  expected: ['Expected', '标准答案'],
  data: ['Data', '数据'],
  rowsKept: ['Rows used', '使用行数'],
  rowsDropped: ['Rows dropped', '丢弃行数'],
  rowsHeldOut: ['Rows held out', '保留行数'],
  duplicates: ['Duplicates', '重复'],
  tokensPerEpoch: ['Tokens per epoch', '每轮词元数'],
  overlap: ['Training rows that overlap with evaluation', '与评测重叠的训练行'],
  configuration: ['Configuration', '配置'],
  environment: ['Environment', '环境'],
  ledger: ['Money', '费用'],
  spent: ['Spent', '已花费'],
  cap: ['Cap', '上限'],
  host: ['Host', '主机'],
  stage: ['Stage', '阶段'],
  kind: ['What happened', '发生了什么'],
  detected: ['Detected after', '发现用时'],
  resumed: ['Training again after', '恢复用时'],
  stepsLost: ['Steps repeated', '重复步数'],
  seconds: ['Seconds', '秒'],
  attempts: ['Attempts', '尝试'],
  status: ['Status', '状态'],
  finalLoss: ['Final loss', '最终损失'],
  steps: ['Steps', '步数'],
  orderHash: ['Order hash', '顺序哈希'],
  weights: ['Weights (sha256)', '权重（sha256）'],
  stoppedAtCap: [
    'Training was stopped before the cap of the plan; what is evaluated is its last checkpoint.',
    '训练在到达费用上限前停止；评测的是最后一个检查点。',
  ],
  inexact: [
    'Training was resumed under other numerics than before; the log names the difference.',
    '训练恢复时数值环境与之前不同，差别见日志。',
  ],
  notRun: ['This stage did not run.', '该阶段未运行。'],
} as const satisfies Record<string, readonly [string, string]>;

export type TextKey = keyof typeof TEXTS;
export type Translate = (key: TextKey) => string;

export function translator(language: Language): Translate {
  return (key) => TEXTS[key][language === 'zh' ? 1 : 0];
}
