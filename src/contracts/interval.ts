import { z } from 'zod';
import { duration } from './duration.js';

/** A plan that leaves the time between two checkpoints to what is measured. */
export const AutoInterval = z
  .strictObject({
    hoursBetweenInterruptions: z
      .number()
      .gt(0)
      .optional()
      .describe(
        'what you expect of these hosts; what happens weighs more with every hour; left out: 2 h on a spot host, 24 h elsewhere',
      ),
    atLeastSeconds: z.number().gt(0).default(15).describe('between two checkpoints'),
    atMostSeconds: z
      .number()
      .gt(0)
      .default(1800)
      .describe('between two checkpoints, unless publishing one takes longer'),
  })
  .refine((auto) => auto.atLeastSeconds <= auto.atMostSeconds, {
    error: 'atLeastSeconds is more than atMostSeconds',
  });
export type AutoInterval = z.infer<typeof AutoInterval>;

/** What of all that bounds an interval decided about this one. */
export const IntervalRule = z.enum([
  'unmeasured',
  'young-daly',
  'lost-in-vain',
  'publishing',
  'detection',
  'at-least',
  'at-most',
]);
export type IntervalRule = z.infer<typeof IntervalRule>;

/** Seconds from one checkpoint to the next, and what they were chosen from. */
export const ChosenInterval = z.strictObject({
  seconds: z.number().gt(0),
  rule: IntervalRule,
  costSeconds: z.number().min(0).nullable().describe('what one takes from training; null: unknown'),
  saveSeconds: z.number().min(0).nullable().describe('copy, write and hash; null: none was saved'),
  publishSeconds: z.number().min(0).nullable().describe('null: none was published'),
  interruptionEverySeconds: z.number().gt(0).describe('expected and observed together'),
  interruptionsSeen: z.int().min(0).describe('that cost work, in this stage'),
  lostInVain: z.int().min(0).describe('last attempts in a row lost before they had published'),
});
export type ChosenInterval = z.infer<typeof ChosenInterval>;

/** Of a change by less nothing is said, and nothing written down. */
const NEWS = 0.2;

export const isNews = (before: ChosenInterval | null, now: ChosenInterval): boolean =>
  before === null ||
  (before.costSeconds === null) !== (now.costSeconds === null) ||
  before.interruptionsSeen !== now.interruptionsSeen ||
  before.lostInVain !== now.lostInVain ||
  Math.abs(now.seconds - before.seconds) > NEWS * before.seconds;

const WHY: Readonly<Record<IntervalRule, readonly [en: string, zh: string]>> = {
  unmeasured: ['to measure what one costs', '先测量一次的代价'],
  'young-daly': ['', ''],
  'lost-in-vain': [
    'sooner, since hosts were lost before one was published',
    '主机在发布前丢失，因此缩短',
  ],
  publishing: ['saving and publishing one takes that long', '保存并发布一个就需要这么久'],
  detection: ['noticing a loss takes that long anyway', '发现主机丢失本身就需要这么久'],
  'at-least': ['no sooner, by the plan', '计划规定的下限'],
  'at-most': ['no later, by the plan', '计划规定的上限'],
};

/** `checkpoint every 2 min 20 s: a save costs 0.9 s, an interruption comes every 2 h 54 min …` */
export function intervalSentence(chosen: ChosenInterval, zh: boolean): string {
  const language = zh ? 'zh' : 'en';
  const time = (seconds: number): string => duration(seconds, language);
  const { costSeconds, interruptionsSeen: seen } = chosen;
  const why = WHY[chosen.rule][zh ? 1 : 0];
  const every = time(chosen.interruptionEverySeconds);
  const cost = costSeconds === null ? null : shortTime(costSeconds, zh);
  if (zh) {
    const parts = [
      ...(why === '' ? [] : [why]),
      ...(cost === null ? [] : [`保存一次耗 ${cost}`]),
      `平均每 ${every} 中断一次（已见 ${seen} 次）`,
    ];
    return `每 ${time(chosen.seconds)} 一个检查点：${parts.join('，')}`;
  }
  const parts = [
    ...(why === '' ? [] : [why]),
    ...(cost === null ? [] : [`a save costs ${cost}`]),
    `an interruption comes every ${every} on average (${seen} seen)`,
  ];
  return `checkpoint every ${time(chosen.seconds)}: ${parts.join(', ')}`;
}

/** What stops a GPU for hundredths of a second is not nothing. */
function shortTime(seconds: number, zh: boolean): string {
  if (seconds >= 0.95) return duration(seconds, zh ? 'zh' : 'en');
  return zh ? `${Math.round(seconds * 1000)} 毫秒` : `${Math.round(seconds * 1000)} ms`;
}
