import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkPlanFile } from '../../src/cli/plan-file.js';
import { CARDS } from '../../src/recipes/cards.js';
import { expect as expectation } from '../../src/recipes/expectation.js';
import { type Parameter, parametersOf } from '../../src/recipes/parameters.js';
import { readWhy, reasonOf } from '../../src/recipes/reasons.js';

const PLANS = new URL('../../plans/', import.meta.url).pathname;

const files = (await readdir(PLANS)).filter((name) => /^dream7b-.*\.yaml$/.test(name));
const why = await readWhy();

async function recipe(file: string, settings: string[] = []) {
  const { text, mistakes } = await checkPlanFile(join(PLANS, file), { settings });
  if (text === null) throw new Error(JSON.stringify(mistakes));
  return text;
}

const needsReason = ({ path, isDefault }: Parameter): boolean =>
  path.startsWith('training.') || !isDefault;

describe('recipes', () => {
  it('are the seven of the issue', () => {
    const ends = ['', '-16g', '-24g', '-d1', '-full', '-trace', '-tryout'];
    expect(files.toSorted()).toEqual(ends.map((end) => `dream7b-s1k${end}.yaml`).toSorted());
    expect(Object.keys(why.recipes).toSorted()).toEqual(
      files.map((file) => file.replace('.yaml', '')).toSorted(),
    );
  });

  describe.each(files)('%s', (file) => {
    it('has the id of its file', async () => {
      expect((await recipe(file)).id).toBe(file.replace('.yaml', ''));
    });

    it('is accepted as it is: download fetches all that it needs', async () => {
      const { plan, mistakes } = await checkPlanFile(join(PLANS, file));
      expect(mistakes).toEqual([]);
      expect(plan).not.toBeNull();
    });

    it('gives a reason and a source for everything chosen, in both languages', async () => {
      const plan = await recipe(file);
      const wanted = parametersOf(plan).filter(needsReason);
      expect(wanted.length).toBeGreaterThan(35);
      const bare = wanted.filter((one) => reasonOf(why, plan.id, one) === undefined);
      expect(bare.map(({ path, value }) => `${path}=${JSON.stringify(value)}`)).toEqual([]);
    });

    it('packs rows that hold its longest document', async () => {
      const { data, training } = await recipe(file);
      const tail = typeof training.eosTail === 'string' ? 0 : training.eosTail[1];
      expect(training.tokensPerMicroBatch).toBeGreaterThanOrEqual(data.maxLength + 1 + tail);
    });

    it('is expected to take less than half its cap on the card it is made for', async () => {
      const plan = await recipe(file);
      const cards = why.recipes[plan.id]?.cards ?? [];
      for (const [index, card] of cards.entries()) {
        const fen = expectation(plan, card)?.fen ?? Infinity;
        expect(fen * (index === 0 ? 2 : 1)).toBeLessThan(plan.money.capCny * 100);
      }
      const first = cards[0];
      if (first)
        expect(Math.round(plan.hosts.pricePerHourCny * 100)).toBe(CARDS[first].pricePerHourFen);
    });
  });

  it('rehearse for less than 2 CNY', async () => {
    const plan = await recipe('dream7b-s1k-tryout.yaml');
    expect(plan.money.capCny).toBe(2);
    expect((plan.training.steps ?? 0) * plan.training.documentsPerStep).toBe(50);
    expect(plan.evaluation.suites.map(({ questions }) => questions)).toEqual([20]);
  });
});

describe('plans/why', () => {
  const reasons = Object.entries(why.reasons).flatMap(([path, list]) =>
    list.map((reason) => ({ path, reason })),
  );

  it('says each thing in Chinese and in English', () => {
    const said = [
      ...reasons.map(({ reason }) => reason),
      ...Object.values(why.sources),
      ...Object.values(why.recipes),
    ];
    for (const { en, zh } of said) {
      expect(en).not.toMatch(/\p{Script=Han}/u);
      expect(zh).toMatch(/\p{Script=Han}/u);
    }
  });

  it('names no source that is unknown, and none in vain', () => {
    const named = new Set(reasons.flatMap(({ reason }) => reason.sources));
    expect([...named].toSorted()).toEqual(Object.keys(why.sources).toSorted());
  });

  it('holds no reason that no recipe uses', async () => {
    const used = new Set<unknown>();
    for (const file of files) {
      const plan = await recipe(file);
      for (const one of parametersOf(plan)) used.add(reasonOf(why, plan.id, one));
    }
    const idle = reasons.filter(({ reason }) => !used.has(reason));
    expect(idle.map(({ path, reason }) => `${path} ${JSON.stringify(reason.values)}`)).toEqual([]);
  });
});
