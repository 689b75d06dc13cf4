import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { givenSettings } from '../../src/cli/sampling-settings.js';
import { strategiesOfFile, usualStrategies } from '../../src/cli/strategy-list.js';
import { samplingMistakes } from '../../src/contracts/sampling-rules.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const given = givenSettings({ set: ['sampling.maxNewTokens=24', 'sampling.blockLength=4'] });

async function fileOf(text: string): Promise<string> {
  const path = join(temporaryFolder(), 'strategies.yaml');
  await writeFile(path, text);
  return path;
}

test('the usual strategies can all run on a canvas that its blocks divide', () => {
  const { strategies, leftOut } = usualStrategies(given);
  expect(leftOut).toEqual([]);
  expect(strategies[0]).toMatchObject({ name: 'given', sampling: { blockLength: 4, steps: null } });
  for (const { sampling } of strategies) expect(samplingMistakes(sampling)).toEqual([]);
  const orders = new Set(strategies.map(({ sampling }) => sampling.order));
  expect([...orders].toSorted()).toEqual(['entropy', 'maskgit_plus', 'origin', 'topk_margin']);
  const caches = new Set(strategies.map(({ sampling }) => sampling.cache));
  expect([...caches].toSorted()).toEqual(['commit_pass', 'none', 'per_block']);
});

test('what the options rule out is left out with its reason', () => {
  const whole = { ...given, blockLength: null, cache: 'none' };
  const { leftOut } = usualStrategies(whole);
  expect(leftOut).toContain('no-cache: the same as given');
  expect(leftOut.find((one) => one.startsWith('commit-pass'))).toContain('needs blockLength');
});

test('options that cannot work themselves are refused', () => {
  expect(() => usualStrategies({ ...given, blockLength: 7 })).toThrow('blockLength must divide');
});

test('a file’s strategies are settings on top of the options, in its order', async () => {
  const { strategies } = await strategiesOfFile(
    await fileOf('slow:\nfast: { tokensPerStep: 4, seed: 3 }\n'),
    given,
  );
  expect(strategies.map(({ name }) => name)).toEqual(['slow', 'fast']);
  expect(strategies[1]!.sampling).toMatchObject({ maxNewTokens: 24, tokensPerStep: 4, seed: 3 });
});

test('every mistake of a file is told at once', async () => {
  const path = await fileOf('Odd name: {}\na: { blockLength: 7 }\nb: 3\nc: { stepz: 1 }\n');
  const mistakes = [
    /Odd name: a name has/,
    /a: .*must divide/,
    /b: expected settings/,
    /c: .*stepz/,
  ];
  const refused = strategiesOfFile(path, given);
  for (const mistake of mistakes) await expect(refused).rejects.toThrow(mistake);
});

test.each([
  ['', 'expected a mapping'],
  ['- a', 'expected a mapping'],
  ['{}', 'it names no strategy'],
  ['a: {', 'nothing was measured'],
  ['a: {}\na: {}\n', 'Map keys must be unique'],
])('%j is refused', async (text, message) => {
  await expect(strategiesOfFile(await fileOf(text), given)).rejects.toThrow(message);
});

test('a file that is not there is named', async () => {
  const path = join(temporaryFolder(), 'none.yaml');
  await expect(strategiesOfFile(path, given)).rejects.toThrow(`${path} cannot be read: ENOENT`);
});
