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
