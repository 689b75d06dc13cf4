import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkPlanFile, loadPlan } from '../../src/cli/plan-file.js';

const PLANS = new URL('../../plans/', import.meta.url).pathname;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dream-sft-plan-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Path, message and origin of each mistake, but for files that a user brings. */
async function mistakesOf(plan: string, settings: string[]): Promise<string[]> {
  const { mistakes } = await checkPlanFile(join(PLANS, `${plan}.yaml`), { settings });
  return mistakes
    .filter(({ absent }) => !absent)
    .map(({ from, path, message }) => `${from ? `${from}  ` : ''}${path}: ${message}`);
}

describe('what the trainer would refuse on a paid host', () => {
  it.each([
    ['dream7b-s1k', 'training.lora.rank=9999', 'k_proj of this base: take at most 512, got 9999'],
    ['dream7b-s1k', 'training.lora.rank=513', 'take at most 512, got 513'],
    ['dream7b-s1k', 'training.lora={ rank: 600, modules: [k_proj] }', 'take at most 512, got 600'],
    ['dream7b-s1k', 'training.eosTail=[64,0]', 'expected [low, high] with low <= high'],
    ['dream7b-s1k', 'training.tokensPerMicroBatch=1024', 'give at least 2176, or lower data.max'],
    ['dream7b-s1k', 'training.fullMode=kept', 'kept is for method full'],
    ['dream7b-s1k-full', 'training.betas=[0.9,0.999]', 'needs betas[1] of at most 0.95'],
    ['dream7b-s1k-full', 'training.worldSize=2', 'take 1, or fullMode kept'],
    ['dream7b-s1k-full', 'training.basePrecision=fp8', 'fp8 freezes the weights: take method lora'],
    ['dream7b-s1k', 'data.overLong=cut_right', 'cut_right is for the recipe of d1 alone'],
    ['tiny', 'training.attention=flex', 'flex needs device cuda'],
    ['tiny', 'training.validation={}', 'no row is held out: give data.heldOutRows'],
  ])('%s with %s', async (plan, setting, says) => {
    const found = await mistakesOf(plan, [setting]);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`--set ${setting}  `);
    expect(found[0]).toContain(says);
  });

  it('looks at the view of a candidate of a pilot too', async () => {
    const candidates = '[{ name: a, view: trace }, { name: b, view: attempt }, { name: c }]';
    const pilot = `pilot={ candidates: ${candidates}, suite: { name: cd3, questions: 9, file: none } }`;
    const [found, ...more] = await mistakesOf('dream7b-s1k-d1', [pilot]);
    expect(more).toEqual([]);
    expect(found).toContain('pilot.candidates.1.view: cut_right is for the recipe of d1 alone');
  });

  it('takes the widths of a base that is there, or is made from sizes', async () => {
    const lora = ['training.method=lora', 'training.lora.rank=65'];
    expect(await mistakesOf('tiny', lora)).toEqual([
      '--set training.lora.rank=65  training.lora.rank: exceeds the smaller side of k_proj of this base: take at most 64, got 65',
    ]);
    const made = 'base={ kind: initialised, width: 64, layers: 1, heads: 4 }';
    expect(await mistakesOf('tiny', [...lora, made])).toHaveLength(1);
    const unknown = 'base={ kind: hub, repo: somebody/else }';
    expect(await mistakesOf('tiny', [...lora, unknown])).toEqual([]);
    expect(await mistakesOf('tiny', ['training.method=lora', 'training.lora.rank=64'])).toEqual([]);
  });

  it('tells every mistake at once, and start refuses like plan check', async () => {
    const settings = ['training.basePrecision=fp8', 'training.precision=fp32'];
    const all = [...settings, 'training.eosTail=[2,1]', 'training.lora.rank=600'];
    const found = await mistakesOf('dream7b-s1k', all);
    const keys = found.map((line) => line.split('  ').at(-1)?.split(':')[0]);
    expect(new Set(keys)).toEqual(
      new Set(['training.eosTail', 'training.lora.rank', 'training.precision']),
    );
    expect(keys).toHaveLength(3);
    const path = join(folder, 'plan.yaml');
    await writeFile(path, 'id: a\ntraining: { steps: 1, eosTail: [2, 1] }\n');
    await expect(loadPlan(path)).rejects.toThrow('expected [low, high] with low <= high');
  });
});
