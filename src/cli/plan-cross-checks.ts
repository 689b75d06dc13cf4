import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Document, isMap, type LineCounter } from 'yaml';
import { SamplingConfig, SuiteConfig, withPreset } from '../contracts/sampling.js';
import { samplingMistakes } from '../contracts/sampling-rules.js';
import { checkEvaluation } from './evaluation-cross-checks.js';
import { checkPilot } from './pilot-cross-checks.js';
import { dotted, lineOf, type Mistake, nodeAt } from './plan-mistakes.js';
import { checkStore } from './store-cross-checks.js';
import { checkTraining } from './training-cross-checks.js';

export type Path = readonly (string | number)[];
export type Get = (...path: Path) => unknown;
/** A mistake, in English and, where somebody has said it, in Chinese. */
export type Add = (path: Path, message: string, more?: Pick<Mistake, 'zh' | 'absent'>) => void;

/** What no single key can get wrong on its own; `written` is the document with presets filled in. */
export async function crossMistakes(
  document: Document,
  written: unknown,
  counter: LineCounter,
  folder: string,
): Promise<Mistake[]> {
  const found: Mistake[] = [];
  const get: Get = (...path) => document.getIn(path);
  const add: Add = (path, message, more = {}) => {
    const line = lineOf(nodeAt(document, path), counter);
    found.push({ line, path: dotted(path), message, ...more });
  };
  checkLength(get, add);
  checkMoney(get, add);
  checkStore(get, add);
  checkSampling(get, add);
  checkEvaluation((written as { evaluation?: unknown } | null)?.evaluation, add);
  for (const at of suitesOf(get)) checkSuite(get, add, at);
  await checkTraining(get, add, folder);
  await checkPilot(get, add, folder);
  await checkFiles(get, add, folder);
  return found;
}

/** What is no block of keys is told as that. */
function checkLength(get: Get, add: Add): void {
  if (!isMap(get('training'))) return;
  const given = ['steps', 'epochs'].filter((key) => get('training', key) !== undefined);
  if (given.length !== 1)
    add(['training'], 'give either steps or epochs', { zh: 'steps 与 epochs 只给一个' });
}

function checkMoney(get: Get, add: Add): void {
  const cap = get('money', 'capCny');
  const reserve = get('money', 'reserveCny');
  if (typeof cap !== 'number' || typeof reserve !== 'number' || reserve < cap) return;
  const message = `must be less than capCny (${cap}), or nothing is left to train with`;
  const zh = `须小于 capCny（${cap}），否则没有钱可用于训练`;
  add(['money', 'reserveCny'], message, { zh });
}

/** Settings that the schema refuses are told by it. */
function checkSampling(get: Get, add: Add): void {
  const at = ['evaluation', 'sampling'];
  const node = get(...at);
  const parsed = SamplingConfig.safeParse(withPreset(isMap(node) ? node.toJSON() : {}));
  if (!parsed.success) return;
  for (const { key, message } of samplingMistakes(parsed.data)) {
    // What is left out has no place of its own.
    add(get(...at, key) === undefined ? at : [...at, key], message);
  }
}

/** Where suites stand: those of the evaluation, and that of a pilot. */
function suitesOf(get: Get): Path[] {
  const found: Path[] = [];
  for (let i = 0; get('evaluation', 'suites', i) !== undefined; i += 1) {
    found.push(['evaluation', 'suites', i]);
  }
  return get('pilot', 'suite') === undefined ? found : [...found, ['pilot', 'suite']];
}

function checkSuite(get: Get, add: Add, at: Path): void {
  const name = SuiteConfig.shape.name.safeParse(get(...at, 'name'));
  // A name that is none is told by the schema.
  if (!name.success) return;
  const given = ['file', 'source'].filter((key) => get(...at, key) !== undefined);
  if (given.length === 2) {
    add(at, 'file and source are both given; keep one', {
      zh: '同时给出了 file 和 source；请只留一个',
    });
  }
  if (name.data === 'arithmetic' || given.length > 0) return;
  const zh = `${name.data} 需要题目：file（JSONL 或 Parquet 文件）或 source（下载）`;
  add(at, `${name.data} needs its questions: file (JSONL or Parquet), or source to fetch them`, {
    zh,
  });
}

async function checkFiles(get: Get, add: Add, folder: string): Promise<void> {
  const suites = suitesOf(get);
  const ofSuites = suites.map((at) => [...at, 'source']);
  for (const at of [['base'], ['tokenizer'], ['data', 'source'], ...ofSuites]) {
    const path = get(...at, 'path');
    if (get(...at, 'kind') !== 'file' || typeof path !== 'string') continue;
    const place = resolve(folder, path);
    if (await exists(place)) continue;
    const zh = `没有文件或文件夹 ${place}`;
    add([...at, 'path'], `there is no file or folder ${place}`, { zh, absent: true });
  }
  for (const at of suites) {
    const file = get(...at, 'file');
    if (typeof file !== 'string') continue;
    const place = resolve(folder, file);
    if (await exists(place)) continue;
    add([...at, 'file'], `there is no file ${place}`, { zh: `没有文件 ${place}`, absent: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
