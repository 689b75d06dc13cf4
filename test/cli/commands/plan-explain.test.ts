import { join } from 'node:path';
import stringWidth from 'string-width';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CliError } from '../../../src/cli/cli-error.js';
import { type ExplainArguments, planExplain } from '../../../src/cli/commands/plan-explain.js';

const PLANS = new URL('../../../plans/', import.meta.url).pathname;
const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');
const written: string[] = [];

beforeEach(() => {
  written.length = 0;
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
});
afterEach(() => vi.restoreAllMocks());

async function explain(name: string, options: ExplainArguments = {}): Promise<string> {
  expect(await planExplain(join(PLANS, name), options)).toBe(0);
  return written.join('').replaceAll(ESCAPES, '');
}

describe('plan explain', () => {
  it('tells values, reasons, sources and cost, with what was measured', async () => {
    const text = await explain('dream7b-s1k.yaml');
    expect(text).toMatch(/training\.lora\.rank +32\n +dLLM's rank for Dream/);
    expect(text).toContain('source: ZHZisZZ/dllm');
    expect(text).toContain('80.74 M parameters are trained, a checkpoint is 1.0 GB');
    expect(text).toMatch(/\nH200 141GB .* measured 2026-12-01\n/);
    expect(text).toMatch(/\nH100 80GB .* estimated from H200 141GB\n/);
    expect(text).toContain('Measured on one H200 141GB, 2026-12-01, random weights: 100 steps');
    expect(text).toContain('Prices are assumed (2026-11-30); the plan’s own is 20.00 an hour');
    expect(text).toContain('Decoding measured on one H100 80GB, 2026-11-24');
    expect(text).toContain('batch 1: 117 / 408; batch 32: 679 / 1242');
    expect(text).toContain('18 starts of 60 s');
    expect(text).not.toContain('no reason');
  });

  it('gives a plan of another base its values, not the reasons of Dream 7B', async () => {
    const text = await explain('tiny.yaml');
    expect(text).toContain('reasons are written down for Dream 7B');
    expect(text).toMatch(/training\.learningRate +0\.004\n {2}training/);
    expect(text).not.toContain('source: ');
    expect(text).not.toContain('no reason');
  });

  it('aligns its table under Chinese titles', async () => {
    const lines = (await explain('dream7b-s1k.yaml', { lang: 'zh' })).split('\n');
    const head = lines.find((line) => line.startsWith('显卡')) ?? '';
    const rows = lines.filter((line) => /^(H100|H200|A100|H20) /.test(line));
    expect(rows).toHaveLength(4);
    const column = (line: string, title: RegExp) => stringWidth(line.slice(0, line.search(title)));
    for (const row of rows) expect(column(row, /由|实测/)).toBe(column(head, /速度/));
    expect(rows[0]).toMatch(/ \d+ 分 \d+ 秒 /);
    expect(lines.join('')).not.toMatch(/\d (?:min|M) /);
  });

  it('leaves the checks of a plan that asks none empty', async () => {
    const row = (await explain('dream7b-s1k-tryout.yaml')).match(/\nRTX 4090 .*\n/)?.[0];
    expect(row).toMatch(/ s {2,}– {2,}\d/);
  });

  it('calls measured what was measured on that card at that length', async () => {
    const text = await explain('dream7b-s1k-trace.yaml');
    expect(text).toMatch(/\nH200 141GB .* measured 2026-12-01\n/);
    expect(text.match(/ measured 2026/g)).toHaveLength(1);
  });

  it('keeps to a width that can be read', async () => {
    const text = await explain('dream7b-s1k-16g.yaml', { lang: 'zh' });
    const notes = text.slice(text.indexOf('各显卡的预计')).split('\n').slice(4);
    expect(Math.max(...notes.map((line) => stringWidth(line)))).toBeLessThanOrEqual(102);
  });

  it('says so when nobody wrote a reason for a value', async () => {
    const text = await explain('dream7b-s1k.yaml', { set: ['training.learningRate=0.5'] });
    expect(text).toMatch(
      /training\.learningRate +0\.5\n.*no reason is written down for this value/,
    );
    expect(text).toContain('reasons are known for 0.00005');
  });

  it('explains any plan, also one that is no recipe', async () => {
    const text = await explain('tiny.yaml');
    expect(text).toContain('Nobody has counted this data or measured this way of training.');
  });

  it('gives scripts the same as one document', async () => {
    const document = JSON.parse(await explain('dream7b-s1k-16g.yaml', { json: true, lang: 'zh' }));
    expect(document.cards.map(({ card }: { card: string }) => card)).toEqual(['rtx4080-16g']);
    const base = document.parameters.find(
      ({ path }: { path: string }) => path === 'training.basePrecision',
    );
    expect(base).toMatchObject({ value: 'int8', isDefault: false });
    expect(base.why).toContain('逐块还原成 bf16');
  });

  it('refuses a wrong plan with every mistake and a wrong language', async () => {
    const wrong = { set: ['training.epochs=-1', 'money.capCny=x'] };
    await expect(planExplain(join(PLANS, 'dream7b-s1k.yaml'), wrong)).rejects.toThrow(/2 mistakes/);
    await expect(planExplain(join(PLANS, 'tiny.yaml'), { lang: 'fr' })).rejects.toThrow(CliError);
  });
});
