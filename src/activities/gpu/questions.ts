import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { stageFailure } from '../stage-failure.js';

const Row = z.looseObject({ question: z.string().min(1) });

/** The first questions of the converted dataset, in its order. */
export async function firstQuestions(dataset: string, count: number): Promise<string[]> {
  const path = join(dataset, 'rows.jsonl');
  const questions: string[] = [];
  const stream = createReadStream(path, 'utf8');
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
    if (line.trim() === '') continue;
    const row = Row.safeParse(parse(line));
    if (!row.success) {
      throw stageFailure('BadData', `${path}: line ${questions.length + 1} holds no question`);
    }
    questions.push(row.data.question);
    if (questions.length >= count) break;
  }
  stream.destroy();
  if (questions.length === 0) throw stageFailure('BadData', `${path} holds no question`);
  return questions;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
