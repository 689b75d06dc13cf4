import type { z } from 'zod';
import type { Language } from '../contracts/base.js';

/** What `plan explain` says of its own; `{}` is filled in. */
const TEXTS = {
  en: {
    parameters: 'Parameters, and why',
    withoutReasons:
      'Parameters (reasons are written down for Dream 7B; this plan has another base)',
    source: 'source: ',
    and: '; ',
    noReason: 'no reason is written down for this value',
    known: 'reasons are known for',
    defaults: '{} further settings are at their defaults',
    expected: 'What it takes, by card',
    unknown: 'Nobody has counted this data or measured this way of training.',
    of: '{rows} rows, {steps} steps of {each} documents, {tokens} document tokens; {trained} parameters are trained, a checkpoint is {size}',
    header: [
      'card',
      'CNY/h',
      'tokens/s',
      'training',
      'evaluation',
      'checks',
      'other',
      'in all',
      'CNY',
      'speed',
    ],
    measured: 'measured {date}',
    estimated: 'estimated from {card}',
    otherLengths: 'estimated from other lengths',
    measurement: 'Measured on one {card}, {date}, random weights: {conditions}.',
    arithmetic:
      'Estimated speeds are a measured one times the ratio of the cards’ peaks in bf16, on a straight line between measured lengths and the nearest one beyond. Where both were measured, H100 and H200, whose peaks are equal, differ by 5 to 8 %.',
    decoding:
      'Decoding measured on one {card}, {date}, random weights, rows of {rowTokens} tokens with {newTokens} new ones, tokens/s at 1 and 4 a step, refreshed once a block: {perBlock}; without a cache: {uncached} at 1.',
    decodingArithmetic:
      'From these come the seconds of a pass over whole rows and of one over the open block, in a straight line between batch sizes. Other lengths and cards are estimates, by the slower of products (tokens ÷ peak) and reading the weights (1 ÷ bandwidth); that attention grows faster than a row is left out.',
    batch: 'batch {batch}: {speeds}',
    assumptions: [
      'Prices are assumed ({date}); the plan’s own is {price} an hour. Rows and tokens: counted on 58 of 1000 rows.',
      'Evaluation (before, after, the probe, the report’s cases) and checks (again, anchor, canvases) are reckoned to the end of the canvas. Answers that end early stop; what that saves was not measured on Dream’s weights and is not counted on, so in this the times are an upper bound.',
      'Other is fetching 15.2 GB at 50 MB/s, {starts} starts of {start} s (one for each shard) and writing: estimates.',
    ],
    several:
      '{count} cards of one host: {count} times the price, {share} of {count} times the speed of training (assumed); evaluation uses one.',
    pilot: 'The {count} candidates of the pilot are counted in.',
  },
  zh: {
    parameters: '参数与理由',
    withoutReasons: '参数（理由只为 Dream 7B 写下；此计划的底座不同）',
    source: '来源：',
    and: '；',
    noReason: '没有记录这个取值的理由',
    known: '有理由的取值',
    defaults: '另有 {} 项设置保持默认值',
    expected: '各显卡的预计开销',
    unknown: '没有统计过这份数据，或没有测量过这种训练方式。',
    of: '{rows} 行，{steps} 步，每步 {each} 篇，{tokens}个文档词元；训练 {trained}个参数，检查点 {size}',
    header: [
      '显卡',
      '元/时',
      '词元/秒',
      '训练',
      '评测',
      '检验',
      '其他',
      '合计',
      '费用（元）',
      '速度',
    ],
    measured: '实测 {date}',
    estimated: '由 {card} 估算',
    otherLengths: '由其他长度估算',
    measurement: '实测于一张 {card}，{date}，随机权重：{conditions}。',
    arithmetic:
      '估算速度 = 实测速度 × 两卡 bf16 峰值之比；长度介于实测值之间时按直线内插，超出时取最近的实测值。H100 与 H200 峰值相同，两者都测过之处相差 5 至 8 %。',
    decoding:
      '解码实测于一张 {card}，{date}，随机权重，每行 {rowTokens} 个词元（其中新生成 {newTokens} 个）；每步 1 个与 4 个词元时的词元/秒，每块刷新一次：{perBlock}；无缓存、每步 1 个：{uncached}。',
    decodingArithmetic:
      '由此得出整行一遍与当前块一遍各需几秒，批量之间按直线内插。其他长度与显卡为估算，取乘法（词元数 ÷ 峰值）与读取权重（1 ÷ 带宽）中较慢者；未计注意力随长度更快的增长。',
    batch: '批量 {batch}：{speeds}',
    assumptions: [
      '价格为假定（{date}）；计划自身的价格为每小时 {price} 元。行数与词元数由 1000 行中的 58 行推算。',
      '评测（训练前后、探针、报告的案例）与检验（再答一遍、锚点、画布）都按生成到画布末尾计。提前结束的答案会停下，能省多少尚未在 Dream 的权重上测量，没有计入，所以就此而言是上界。',
      '其他：以 50 MB/s 下载 15.2 GB、{starts} 次各 {start} 秒的启动（每个分片一次）、写盘，均为估算。',
    ],
    several:
      '同一主机上的 {count} 张卡：价格为 {count} 倍，训练速度按 {count} 倍的 {share} 计（假定）；评测只用一张。',
    pilot: '已计入试点的 {count} 个候选。',
  },
} as const;

export type ExplainTexts = (typeof TEXTS)['en' | 'zh'];
export const explainTexts = (language: z.infer<typeof Language>): ExplainTexts => TEXTS[language];

export function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{(\w*)\}/g, (whole, key: string) => values[key] ?? whole);
}
