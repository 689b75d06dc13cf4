import { z } from 'zod';

/**
 * Suites and the version of their prompt, choice of questions and grading. A version belongs into
 * every stage key whose result holds scores. `trainer/dream_sft/evaluation/suites` has the same
 * numbers; a test of its compares them with the schema made from these.
 */
export const SUITE_VERSIONS = {
  arithmetic: 2,
  gsm8k: 2,
  math500: 1,
  cd3: 1,
  cd4: 1,
  cd5: 1,
  sudoku: 1,
  custom: 1,
} as const;

export const SUITE_NAMES = [
  'arithmetic',
  'gsm8k',
  'math500',
  'cd3',
  'cd4',
  'cd5',
  'sudoku',
  'custom',
] as const satisfies readonly (keyof typeof SUITE_VERSIONS)[];

export const GRADERS = ['number', 'last-number', 'text', 'choice', 'math'] as const;

type SuiteName = keyof typeof SUITE_VERSIONS;

/** Versions of the suites of an evaluation, for its stage key. */
export const versionsOf = (
  suites: readonly { readonly name: SuiteName }[],
): Record<string, number> =>
  Object.fromEntries(suites.map(({ name }) => [name, SUITE_VERSIONS[name]]));

export const SuiteVersions = z.strictObject(
  Object.fromEntries(SUITE_NAMES.map((name) => [name, z.literal(SUITE_VERSIONS[name])])),
);
