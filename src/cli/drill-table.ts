import pc from 'picocolors';
import type { Language } from '../contracts/base.js';
import { FAULTS } from '../drill/faults/table.js';
import type { TrialResult } from '../drill/verdict.js';
import { table } from './output.js';

const HEADERS: Readonly<Record<Language, readonly string[]>> = {
  en: [
    ...['', 'fault', 'struck at', 'attempts', 'detected', 'resumed', 'steps lost', 'repeated'],
    ...['zombies refused', 'result'],
  ],
  zh: [
    ...['', '故障', '打击于步', '尝试', '发现', '恢复', '损失步数', '重算步数'],
    ...['拒绝的僵尸写入', '结果'],
  ],
};
const SAME: Readonly<Record<Language, string>> = { en: 'same weights', zh: '权重一致' };

/** A line a trial; seconds are those of the plan's own post-mortem. */
export function drillTable(results: readonly TrialResult[], language: Language): string {
  return table(
    HEADERS[language],
    results.map((one) => [
      String(one.trial),
      FAULTS.find(({ name }) => name === one.fault)?.[language] ?? one.fault,
      String(one.stepAtStrike ?? one.atStep),
      String(one.attempts),
      seconds(one.detectedAfterSeconds),
      seconds(one.resumedAfterSeconds),
      String(one.stepsLost),
      String(one.stepsRepeated),
      String(one.zombieWritesRefused),
      resultText(one, language),
    ]),
  );
}

export const resultText = ({ failures }: TrialResult, language: Language): string =>
  failures.length === 0
    ? pc.green(`✔ ${SAME[language]}`)
    : pc.red(`✘ ${failures.map((one) => one[language]).join('; ')}`);

const seconds = (value: number | null): string => (value === null ? '–' : `${value.toFixed(1)} s`);
