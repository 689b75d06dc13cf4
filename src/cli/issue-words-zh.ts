import type { z } from 'zod';
import { givenOf, LONGEST } from './issue-words.js';

const TYPES: Readonly<Record<string, string>> = {
  string: '文本',
  number: '数字',
  int: '整数',
  boolean: ' true 或 false',
  array: '列表',
  object: '由键组成的块',
  record: '由键组成的块',
};

/** The words of issue-words.ts in Chinese; hints that contracts give are left in English. */
export function issueWordsZh(issue: z.core.$ZodIssue): string {
  if (issue.path.length === 0 && issue.input === null) return '文件是空的：应为一个计划';
  if (issue.code === 'custom') return issue.message;
  const given = givenOf(issue);
  const expected = `应为${expectedOf(issue) ?? ` ${issue.message}`}`;
  return given === undefined ? `缺失：${expected}` : `${expected}，实为${gotten(given)}`;
}

function expectedOf(issue: z.core.$ZodIssue): string | null {
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] ?? ` ${issue.expected}`;
    case 'too_small':
      return amount(issue, issue.inclusive === false ? '大于' : '至少', issue.minimum);
    case 'too_big':
      return amount(issue, issue.inclusive === false ? '小于' : '至多', issue.maximum);
    case 'not_multiple_of':
      return ` ${issue.divisor} 的倍数`;
    case 'invalid_value':
      return ` ${issue.values.map(String).join(' | ')}`;
    case 'invalid_format':
      return issue.format === 'url' ? '网址，如 https://host:port' : null;
    case 'invalid_union':
      return 'options' in issue && Array.isArray(issue.options)
        ? ` ${issue.options.join(' | ')}`
        : null;
    default:
      return null;
  }
}

function amount(
  { origin }: { readonly origin: string },
  bound: string,
  limit: number | bigint,
): string {
  if (origin === 'string') return `${bound} ${limit} 个字符`;
  return origin === 'array' ? `${bound} ${limit} 项` : `${bound} ${limit}`;
}

function gotten(value: unknown): string {
  if (value === null) return '空';
  if (Array.isArray(value)) return value.length === 0 ? '空列表' : '列表';
  if (typeof value === 'object') return '由键组成的块';
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return ` ${text.length <= LONGEST ? text : `${text.slice(0, LONGEST)} …`}`;
}
