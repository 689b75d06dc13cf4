import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isMap } from 'yaml';
import { count } from './output.js';
import type { Add, Get, Path } from './plan-cross-checks.js';

/** Questions that judge the result must not choose it, whatever file they stand in. */
export async function checkPilot(get: Get, add: Add, folder: string): Promise<void> {
  const at = ['pilot', 'suite'];
  checkNames(get, add);
  const ours = await questionsOf(get, at, folder);
  for (let i = 0; get('evaluation', 'suites', i) !== undefined; i += 1) {
    const path = ['evaluation', 'suites', i];
    const same = ['name', 'file', 'source'].every(
      (key) => given(get, at, key) === given(get, path, key),
    );
    if (get(...at, 'name') !== undefined && same) {
      const bare = ['file', 'source'].every((key) => get(...at, key) === undefined);
      const drawn = bare && get(...at, 'name') === 'arithmetic';
      const why = drawn ? ': arithmetic draws from one pool, whatever the seed' : '';
      const whyZh = drawn ? '（arithmetic 不论种子都取自同一题库）' : '';
      const zh = `与 ${path.join('.')} 的题目相同${whyZh}；请换用别的题目`;
      add(at, `asks the questions of ${path.join('.')}${why}; use others`, { zh });
      continue;
    }
    const theirs = await questionsOf(get, path, folder);
    const shared = [...ours].filter((question) => theirs.has(question)).length;
    if (shared > 0) {
      const what = `shares ${count(shared, 'question')} with ${path.join('.')}`;
      add(at, `${what}; what judges the result must not choose it: use a training set`, {
        zh: `与 ${path.join('.')} 有 ${shared} 道题相同；评判结果的题目不得用于选择：请用训练集`,
      });
    }
  }
}

/** What stands there, to be compared. */
function given(get: Get, at: Path, key: string): string {
  const value = get(...at, key);
  return JSON.stringify(isMap(value) ? value.toJSON() : (value ?? null));
}

function checkNames(get: Get, add: Add): void {
  const names = new Set<unknown>();
  for (let i = 0; get('pilot', 'candidates', i) !== undefined; i += 1) {
    const path = ['pilot', 'candidates', i, 'name'];
    const name = get(...path);
    if (names.has(name)) add(path, `${String(name)} is taken`, { zh: `${String(name)} 已被使用` });
    names.add(name);
  }
}

/** Texts of a suite's file, spelt alike; a file that is not there, or no JSONL, is told elsewhere. */
async function questionsOf(get: Get, at: Path, folder: string): Promise<Set<string>> {
  const file = get(...at, 'file') ?? get(...at, 'source', 'path');
  if (typeof file !== 'string') return new Set();
  const text = await readFile(resolve(folder, file), 'utf8').catch(() => '');
  return new Set(text.split('\n').flatMap(questionOf));
}

const FIELDS = ['question', 'problem', 'input'];

function questionOf(line: string): string[] {
  if (line.trim() === '') return [];
  try {
    const row = JSON.parse(line) as Readonly<Record<string, unknown>> | null;
    const text = FIELDS.map((field) => row?.[field]).find((value) => typeof value === 'string');
    return typeof text === 'string' ? [text.replaceAll(/\s+/g, ' ').trim().toLowerCase()] : [];
  } catch {
    return [];
  }
}
