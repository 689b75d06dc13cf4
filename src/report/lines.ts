import { readFile } from 'node:fs/promises';
import type { z } from 'zod';

/** Lines that do not fit are left out: a report with a gap beats none. */
export async function readLines<T>(path: string, schema: z.ZodType<T>): Promise<T[]> {
  return parseLines(await readFile(path, 'utf8').catch(() => ''), schema);
}

export function parseLines<T>(text: string, schema: z.ZodType<T>): T[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .flatMap((line) => {
      const parsed = schema.safeParse(jsonOf(line));
      return parsed.success ? [parsed.data] : [];
    });
}

/** Undefined for what is no JSON, as a line that a full disk has cut. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
