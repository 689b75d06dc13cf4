import type { z } from 'zod';
import { detectableOf, detectableSentence } from '../contracts/detectable.js';
import type { Plan } from '../contracts/plan.js';
import { stagesOf } from '../contracts/stages.js';
import { CARD_IDS } from '../recipes/cards.js';
import { expect } from '../recipes/expectation.js';
import { count, money } from './output.js';

type ParsedPlan = z.output<typeof Plan>;

const yuan = (cny: number): string => money(Math.round(100 * cny));

/** What a right plan will do and may cost: enough to see that it is the one that was meant. */
export function planFacts(plan: ParsedPlan, file: string): string {
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
  const estimated = CARD_IDS.some((card) => expect(plan, card) !== null)
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
  ].join('\n');
}

function pilotFacts({ pilot }: ParsedPlan): string[] {
  if (pilot === undefined) return [];
  const names = pilot.candidates.map(({ name }) => name).join(', ');
  const epochs = count(pilot.epochs, 'epoch');
  return [
    `  pilot: ${names}, ${epochs} each, scored on ${count(pilot.suite.questions, 'question')}`,
  ];
}
