import type { z } from 'zod';
import { count } from './output.js';

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a block of keys',
  record: 'a block of keys',
};
/** Characters of a value that are quoted. */
export const LONGEST = 60;

/** What is wrong with a value, in the words of a plan file: what was expected, and what is there. */
export function issueWords(issue: z.core.$ZodIssue): string {
  if (issue.path.length === 0 && issue.input === null) return 'the file is empty: expected a plan';
  if (issue.code === 'custom') return issue.message;
  const given = givenOf(issue);
  const expected = `expected ${expectedOf(issue) ?? issue.message}`;
  return given === undefined ? `is missing: ${expected}` : `${expected}, got ${gotten(given)}`;
}

function expectedOf(issue: z.core.$ZodIssue): string | null {
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] ?? issue.expected;
    case 'too_small':
      return amount(issue, issue.inclusive === false ? 'more than' : 'at least', issue.minimum);
    case 'too_big':
      return amount(issue, issue.inclusive === false ? 'less than' : 'at most', issue.maximum);
    case 'not_multiple_of':
      return `a multiple of ${issue.divisor}`;
    case 'invalid_value':
      return issue.values.map(String).join(' | ');
    case 'invalid_format':
      return issue.format === 'url' ? 'a URL, as https://host:port' : issue.message;
    case 'invalid_union':
      return 'options' in issue && Array.isArray(issue.options) ? issue.options.join(' | ') : null;
    default:
      return null;
  }
}

function amount(
  { origin }: { readonly origin: string },
  bound: string,
  limit: number | bigint,
): string {
  if (origin === 'string') return `${bound} ${count(Number(limit), 'character')}`;
  if (origin === 'array') return `${bound} ${count(Number(limit), 'entry', 'entries')}`;
  return `${bound} ${limit}`;
}

/** The value that the words are about; of a union it is the key that tells the forms apart. */
export function givenOf(issue: z.core.$ZodIssue): unknown {
  if (issue.code !== 'invalid_union' || !('discriminator' in issue)) return issue.input;
  const { input } = issue;
  return (input as Readonly<Record<string, unknown>> | undefined)?.[String(issue.discriminator)];
}

function gotten(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a block of keys';
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)} …`;
}
