import type { z } from 'zod';
import type { Language } from '../contracts/base.js';
import { detectableOf, detectableSentence } from '../contracts/detectable.js';
import type { Plan } from '../contracts/plan.js';
import { stagesOf } from '../contracts/stages.js';
import { CARD_IDS } from '../recipes/cards.js';
import { expect } from '../recipes/expectation.js';
import { count, money } from './output.js';

type ParsedPlan = z.output<typeof Plan>;

const yuan = (cny: number): string => money(Math.round(100 * cny));

/** What a right plan will do and may cost: enough to see that it is the one that was meant. */
export function planFacts(plan: ParsedPlan, file: string, language: Language = 'en'): string {
  return (language === 'zh' ? factsZh(plan, file) : factsEn(plan, file)).join('\n');
}

const isEstimated = (plan: ParsedPlan): boolean =>
  CARD_IDS.some((card) => expect(plan, card) !== null);

function factsEn(plan: ParsedPlan, file: string): string[] {
  const { steps, epochs, documentsPerStep } = plan.training;
  const length = steps === undefined ? count(epochs ?? 1, 'epoch') : count(steps, 'step');
  const questions = plan.evaluation.suites.map(
    (suite) => `${count(suite.questions, 'question')} of ${suite.name}`,
  );
  const { capCny, approveBelowCny } = plan.money;
  const approval =
    approveBelowCny > 0
      ? `a quote up to ${yuan(approveBelowCny)} needs no approval`
      : 'every quote needs your approval';
  const estimated = isEstimated(plan)
    ? `estimated by card: dream-sft plan explain ${file}`
    : 'not estimated; smoke-train measures and quotes them';
  const stages = stagesOf(plan);
  return [
    `${file}: plan ${plan.id} is fine`,
    `  ${count(stages.length, 'stage')}, ${stages[0]} to ${stages.at(-1)}`,
    ...pilotFacts(plan),
    `  full-train: ${length}, ${count(documentsPerStep, 'document')} a step`,
    `  before and after: ${questions.join(', ')}`,
    `  ${detectableSentence(detectableOf(plan.evaluation.suites), false)}`,
    `  cap ${yuan(capCny)} at ${yuan(plan.hosts.pricePerHourCny)} a host-hour; ${approval}`,
    `  time and money: ${estimated}`,
  ];
}

function factsZh(plan: ParsedPlan, file: string): string[] {
  const { steps, epochs = 1, documentsPerStep } = plan.training;
  const { pilot, evaluation, money: limits, hosts } = plan;
  const { capCny, approveBelowCny } = limits;
  const questions = evaluation.suites.map((suite) => `${suite.name} ${suite.questions} 题`);
  const approval =
    approveBelowCny > 0 ? `报价不超过 ${yuan(approveBelowCny)} 时无需批准` : '每份报价都需要你批准';
  const stages = stagesOf(plan);
  const names = pilot?.candidates.map(({ name }) => name).join('、');
  return [
    `${file}：计划 ${plan.id} 没有问题`,
    `  ${stages.length} 个阶段，从 ${stages[0]} 到 ${stages.at(-1)}`,
    ...(pilot
      ? [`  试点：${names}，各 ${pilot.epochs} 遍，用 ${pilot.suite.questions} 题打分`]
      : []),
    `  正式训练：${steps === undefined ? `${epochs} 遍` : `${steps} 步`}，每步 ${documentsPerStep} 篇文档`,
    `  训练前后：${questions.join('、')}`,
    `  ${detectableSentence(detectableOf(evaluation.suites), true)}`,
    `  上限 ${yuan(capCny)}，主机每小时 ${yuan(hosts.pricePerHourCny)}；${approval}`,
    isEstimated(plan)
      ? `  时间与费用：按显卡的估算见 dream-sft plan explain ${file} --lang zh`
      : '  时间与费用：没有估算；由 smoke-train 测量并报价',
  ];
}

function pilotFacts({ pilot }: ParsedPlan): string[] {
  if (pilot === undefined) return [];
  const names = pilot.candidates.map(({ name }) => name).join(', ');
  const epochs = count(pilot.epochs, 'epoch');
  return [
    `  pilot: ${names}, ${epochs} each, scored on ${count(pilot.suite.questions, 'question')}`,
  ];
}
