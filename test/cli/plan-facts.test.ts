import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { planFacts } from '../../src/cli/plan-facts.js';
import { checkPlanFile } from '../../src/cli/plan-file.js';

async function facts(name: string, settings: readonly string[] = []): Promise<string[]> {
  const path = fileURLToPath(new URL(`../../plans/${name}`, import.meta.url));
  const { text } = await checkPlanFile(path, { settings });
  return planFacts(text!, name).split('\n');
}

test('a right plan tells stages, steps, questions, cap and whether it is estimated', async () => {
  const changed = ['training.steps=1', 'money.capCny=5', 'money.approveBelowCny=0'];
  expect(await facts('tiny.yaml', changed)).toEqual([
    'tiny.yaml: plan tiny is fine',
    '  8 stages, download to report',
    '  full-train: 1 step, 64 documents a step',
    '  before and after: 200 questions of arithmetic',
    '  smallest difference that shows: 6.4 points on arithmetic (200 questions)',
    '  cap ¥5.00 at ¥1.20 a host-hour; every quote needs your approval',
    '  time and money: not estimated; smoke-train measures and quotes them',
  ]);
});

test('a plan whose cards are known says where its estimate stands', async () => {
  expect((await facts('dream7b-s1k.yaml')).at(-1)).toBe(
    '  time and money: estimated by card: dream-sft plan explain dream7b-s1k.yaml',
  );
});

test('the same in Chinese', async () => {
  const path = fileURLToPath(new URL('../../plans/dream7b-s1k.yaml', import.meta.url));
  const { text } = await checkPlanFile(path);
  expect(planFacts(text!, 'mine.yaml', 'zh').split('\n')).toEqual([
    'mine.yaml：计划 dream7b-s1k 没有问题',
    '  8 个阶段，从 download 到 report',
    '  正式训练：3 遍，每步 16 篇文档',
    '  训练前后：gsm8k 1319 题',
    '  前后能看出的最小差别：gsm8k 2.5 分（1319 题）',
    '  上限 ¥60.00，主机每小时 ¥20.00；每份报价都需要你批准',
    '  时间与费用：按显卡的估算见 dream-sft plan explain mine.yaml --lang zh',
  ]);
});
