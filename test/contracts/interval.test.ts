import { describe, expect, it } from 'vitest';
import {
  AutoInterval,
  type ChosenInterval,
  intervalSentence,
  isNews,
} from '../../src/contracts/interval.js';
import { CheckpointConfig } from '../../src/contracts/training.js';

const CHOSEN: ChosenInterval = {
  seconds: 136.5,
  rule: 'young-daly',
  costSeconds: 0.9,
  saveSeconds: 4,
  publishSeconds: 10,
  interruptionEverySeconds: 10_440,
  interruptionsSeen: 2,
  lostInVain: 0,
};

describe('the sentence', () => {
  it('tells how often and why, in both languages', () => {
    expect(intervalSentence(CHOSEN, false)).toBe(
      'checkpoint every 2 min 17 s: a save costs 900 ms, an interruption comes every 2 h 54 min on average (2 seen)',
    );
    expect(intervalSentence(CHOSEN, true)).toBe(
      '每 2 分 17 秒 一个检查点：保存一次耗 900 毫秒，平均每 2 小时 54 分 中断一次（已见 2 次）',
    );
  });

  it('names the rule that decided otherwise', () => {
    const slow = { ...CHOSEN, rule: 'publishing', seconds: 107, costSeconds: 1.23 } as const;
    expect(intervalSentence(slow, false)).toBe(
      'checkpoint every 1 min 47 s: saving and publishing one takes that long, a save costs 1.2 s, an interruption comes every 2 h 54 min on average (2 seen)',
    );
    const first = { ...CHOSEN, rule: 'unmeasured', seconds: 60, costSeconds: null } as const;
    expect(intervalSentence(first, true)).toBe(
      '每 1 分 0 秒 一个检查点：先测量一次的代价，平均每 2 小时 54 分 中断一次（已见 2 次）',
    );
  });
});

it('news is another reason, or a change by more than a fifth', () => {
  expect(isNews(null, CHOSEN)).toBe(true);
  expect(isNews(CHOSEN, { ...CHOSEN, seconds: 136.5 * 1.19, costSeconds: 1.3 })).toBe(false);
  expect(isNews(CHOSEN, { ...CHOSEN, seconds: 136.5 * 1.21 })).toBe(true);
  expect(isNews(CHOSEN, { ...CHOSEN, seconds: 136.5 * 0.79 })).toBe(true);
  expect(isNews(CHOSEN, { ...CHOSEN, interruptionsSeen: 3 })).toBe(true);
  expect(isNews({ ...CHOSEN, costSeconds: null }, CHOSEN)).toBe(true);
});

describe('a plan', () => {
  const messages = (checkpoints: unknown): string[] =>
    CheckpointConfig.safeParse(checkpoints).error?.issues.map(({ message }) => message) ?? [];

  it('fixes the interval, or has it tuned within bounds', () => {
    expect(CheckpointConfig.parse({ everySeconds: 300 })).toEqual({ everySeconds: 300, keep: 2 });
    expect(CheckpointConfig.parse({ auto: {} })).toEqual({
      auto: { atLeastSeconds: 15, atMostSeconds: 1800 },
      keep: 2,
    });
    const one = 'give one of everySteps, everySeconds and auto';
    expect(messages({})).toEqual([one]);
    expect(messages({ everySteps: 5, auto: {} })).toEqual([one]);
    expect(messages({ auto: { atLeastSeconds: 60, atMostSeconds: 30 } })).toEqual([
      'atLeastSeconds is more than atMostSeconds',
    ]);
    expect(AutoInterval.safeParse({ hoursBetweenInterruptions: 0 }).success).toBe(false);
  });
});
