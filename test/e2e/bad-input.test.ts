import { cpSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TINY_PLAN } from '../helpers/plans.js';
import { closed, until } from '../helpers/watching.js';
import { Breakable } from './support/breakable.js';

let on: Breakable;
beforeAll(async () => {
  on = await Breakable.open();
});
afterAll(() => on?.close());

test('a plan with five mistakes: all at once, exit 64, and nothing is started', async () => {
  const file = join(on.system.home, 'five.yaml');
  const text = readFileSync(TINY_PLAN, 'utf8')
    .replace('id: tiny', 'id: five')
    .replace('../trainer', join(TINY_PLAN, '../../trainer'))
    .replace('steps: 600', 'steps: 0')
    .replace('blockLength', 'blokLength')
    .replace('local-process', 'magic')
    .replace('maxLength: 48', "maxLength: 'long'")
    .replace('capCny: 5', 'capCny: -5');
  writeFileSync(file, text);
  const lineOf = (part: string): number => text.slice(0, text.indexOf(part)).split('\n').length;
  const expected = [
    `${lineOf('maxLength')}  data.maxLength: expected a number, got "long"`,
    `${lineOf('steps: 0')}  training.steps: expected at least 1, got 0`,
    `${lineOf('blokLength')}  evaluation.sampling.blokLength: unknown key; did you mean blockLength?`,
    `${lineOf('magic')}  hosts.provider: expected local-process | manual, got "magic"`,
    `${lineOf('capCny')}  money.capCny: expected at least 0, got -5`,
  ].map((mistake) => `  ${file}:${mistake}`);
  for (const command of [['plan', 'check'], ['start']]) {
    const refused = await on.cli(...command, file);
    expect(refused.exitCode).toBe(64);
    expect(refused.stdout).toBe('');
    expect(refused.stderr.split('\n')).toEqual([`5 mistakes in ${file}:`, ...expected]);
  }
  expect((await on.cli('status', 'five')).exitCode).toBe(4);
});

test('a damaged row: exit 65 with its number and field; mended, the plan goes on', async () => {
  const id = 'damaged-row';
  const file = join(on.system.home, 'rows.jsonl');
  const rows = Array.from({ length: 40 }, (_, i) => ({ question: `${i + 20}+11=?`, attempt: '9' }));
  const write = (seventh: object): void =>
    writeFileSync(
      file,
      rows.map((row, i) => `${JSON.stringify(i === 6 ? seventh : row)}\n`).join(''),
    );
  write({ question: '26+11=?', attempt: 37 });
  const failed = await on.start(id, `data.source={kind: file, path: '${file}'}`);
  expect(failed.exitCode).toBe(65);
  const sentence = /convert: .*rows\.jsonl: row 7: field 'attempt' should be text, not a number/;
  await on.expectTold(
    id,
    failed.stdout + failed.stderr,
    sentence,
    `dream-sft retry ${id} --from download`,
  );
  expect((await on.stageOf(id, 'download')).status).toBe('finished');

  write(rows[6]!);
  expect((await on.cli('retry', id, '--from', 'download')).exitCode).toBe(0);
  await until(on.system, id, 'has converted', ({ stages }) => stages[1]?.status === 'finished');
  await on.cli('cancel', id);
  expect(await closed(on.system, id)).toBe('CANCELLED');
});

test('a base that was cut off: exit 65 at its download, and nothing of it is kept', async () => {
  const id = 'cut-base';
  const base = join(on.system.home, 'cut-base');
  const shipped = join(TINY_PLAN, '../../trainer/assets/tiny-base');
  cpSync(shipped, base, { recursive: true });
  truncateSync(join(base, 'model.safetensors'), 100_000);
  const failed = await on.start(id, `base.path=${base}`);
  expect(failed.exitCode).toBe(65);
  const sentence = /download: .*cut-base: cannot be used.*model\.safetensors is cut off or damaged/;
  await on.expectTold(
    id,
    failed.stdout + failed.stderr,
    sentence,
    `dream-sft retry ${id} --from download`,
  );

  cpSync(shipped, base, { recursive: true });
  expect((await on.cli('retry', id, '--from', 'download')).exitCode).toBe(0);
  await until(on.system, id, 'has downloaded', ({ stages }) => stages[0]?.status === 'finished');
  await on.cli('cancel', id);
  expect(await closed(on.system, id)).toBe('CANCELLED');
});

test('a base of another shape than its config.json says: exit 65, what was done stays', async () => {
  const id = 'misshaped-base';
  const base = join(on.system.home, 'misshaped-base');
  cpSync(join(TINY_PLAN, '../../trainer/assets/tiny-base'), base, { recursive: true });
  const path = join(base, 'config.json');
  const config = JSON.parse(readFileSync(path, 'utf8')) as { intermediate_size: number };
  writeFileSync(path, JSON.stringify({ ...config, intermediate_size: 8 }));
  const failed = await on.start(id, `base.path=${base}`);
  expect(failed.exitCode).toBe(65);
  const sentence = /smoke-train: .*cannot use the model in .*has shape .*config\.json asks for/;
  await on.expectTold(
    id,
    failed.stdout + failed.stderr,
    sentence,
    `dream-sft retry ${id} --from download`,
  );
  for (const done of ['download', 'convert', 'validate'] as const) {
    expect((await on.stageOf(id, done)).status).toBe('finished');
  }
});
