import { FAILURES, type FailureType, type Judgement } from '../../../src/contracts/failures.js';
import { RETRIES, type Retries } from '../../../src/contracts/retries.js';

type Language = 'en' | 'zh';
type Row = readonly string[];

const COUNTS: Readonly<Record<Judgement['countsAs'], Record<Language, string>>> = {
  preemption: { en: 'preemption', zh: '回收' },
  failure: { en: 'failure: three in a row end the stage', zh: '失败：连续三次则阶段结束' },
  shortage: {
    en: 'shortage: three in a row with nothing smaller to try end the stage',
    zh: '资源不足：连续三次且没有更小的设置可试则阶段结束',
  },
  end: { en: 'the end of the stage', zh: '阶段结束' },
  nothing: { en: 'neither', zh: '都不算' },
};
const NEVER = { en: 'no', zh: '否' } as const;
const AS_QUEUE = { en: 'yes, as its queue waits', zh: '是，按队列的等待' } as const;
const ON = { en: 'training only', zh: '仅训练' } as const;
const LIMITLESS = { en: 'no limit', zh: '不限' } as const;

/** The rows of docs/failures.md, cell by cell, as the table of the sources has them. */
export const reasonRows = (language: Language): Row[] =>
  (Object.keys(FAILURES) as FailureType[]).map((type) => {
    const judged: Judgement = FAILURES[type];
    return [
      `\`${type}\``,
      judged[language],
      retried(judged, language),
      COUNTS[judged.countsAs][language],
      judged.leavesModel ? ON[language] : '–',
      String(judged.cliExit),
      judged.advice?.[language].replaceAll('{plan}', 'ID') ?? '–',
    ];
  });

function retried({ retry, waitSeconds }: Judgement, language: Language): string {
  if (!retry) return NEVER[language];
  if (waitSeconds === null) return AS_QUEUE[language];
  return language === 'en' ? `yes, after ${waitSeconds} s` : `是，${waitSeconds} 秒后`;
}

export const queueRows = (language: Language): Row[] =>
  Object.entries(RETRIES).map(([queue, given]) => {
    const { firstSeconds, factor, longestSeconds, attempts }: Retries = given;
    const limit = attempts === null ? LIMITLESS[language] : String(attempts);
    return [`\`${queue}\``, `${firstSeconds} s`, `× ${factor}`, `${longestSeconds} s`, limit];
  });
