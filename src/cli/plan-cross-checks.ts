import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Document, LineCounter } from 'yaml';
import { lineOf, type Mistake, nodeAt } from './plan-mistakes.js';

type Path = readonly (string | number)[];

/** What no single key can get wrong on its own; each rule looks at the raw document. */
export async function crossMistakes(
  document: Document,
  counter: LineCounter,
  folder: string,
): Promise<Mistake[]> {
  const found: Mistake[] = [];
  const get = (...path: Path): unknown => document.getIn(path);
  const add: Add = (path, message, absent = false) => {
    const line = lineOf(nodeAt(document, path), counter);
    found.push({ line, path: path.join('.'), message, ...(absent ? { absent } : {}) });
  };
  const steps = get('training', 'steps');
  const epochs = get('training', 'epochs');
  if (document.has('training') && (steps === undefined) === (epochs === undefined)) {
    add(['training'], 'give either steps or epochs');
  }
  const cap = get('money', 'capCny');
  const reserve = get('money', 'reserveCny');
  if (typeof cap === 'number' && typeof reserve === 'number' && reserve >= cap) {
    add(
      ['money', 'reserveCny'],
      `must be less than capCny (${cap}), or nothing is left to train with`,
    );
  }
  const endpoint = get('store', 'endpoint');
  if (typeof endpoint === 'string' && /^[a-z]+:\/\/[^/]*@/i.test(endpoint)) {
    const instead = 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of the workers';
    add(['store', 'endpoint'], `must hold no credentials: they belong in ${instead}`);
  }
  checkBlocks(get, add);
  checkSuites(get, add);
  checkPilot(get, add);
  await checkFiles(get, add, folder);
  return found;
}

type Get = (...path: Path) => unknown;
type Add = (path: Path, message: string, absent?: boolean) => void;

function checkBlocks(get: Get, add: Add): void {
  const at = ['evaluation', 'sampling'];
  const block = get(...at, 'blockLength');
  const canvas = get(...at, 'maxNewTokens');
  const steps = get(...at, 'steps');
  if (typeof block !== 'number' || typeof canvas !== 'number') return;
  if (canvas % block !== 0) {
    add([...at, 'blockLength'], `must divide maxNewTokens: ${canvas} is no multiple of ${block}`);
  } else if (typeof steps === 'number' && steps % (canvas / block) !== 0) {
    add([...at, 'steps'], `must be a multiple of the ${canvas / block} blocks`);
  }
}

function checkSuites(get: Get, add: Add): void {
  for (let i = 0; get('evaluation', 'suites', i) !== undefined; i += 1) {
    const at = ['evaluation', 'suites', i];
    if (get(...at, 'name') === 'gsm8k' && get(...at, 'file') === undefined) {
      add(at, 'gsm8k needs file: the JSONL of its questions');
    }
  }
}

/** Questions that judge the result must not choose it; the command also compares their texts. */
function checkPilot(get: Get, add: Add): void {
  const suite = (...path: Path): unknown => get('pilot', 'suite', ...path);
  if (suite('name') === 'gsm8k' && suite('file') === undefined) {
    add(['pilot', 'suite'], 'gsm8k needs file: the JSONL of its questions');
  }
  for (let i = 0; get('evaluation', 'suites', i) !== undefined; i += 1) {
    const same = ['name', 'file'].every(
      (key) => suite(key) === get('evaluation', 'suites', i, key),
    );
    if (same) add(['pilot', 'suite'], `asks the questions of evaluation.suites.${i}; use others`);
  }
  const names = new Set<unknown>();
  for (let i = 0; get('pilot', 'candidates', i) !== undefined; i += 1) {
    const name = get('pilot', 'candidates', i, 'name');
    if (names.has(name)) add(['pilot', 'candidates', i, 'name'], `${String(name)} is taken`);
    names.add(name);
  }
}

async function checkFiles(get: Get, add: Add, folder: string): Promise<void> {
  const sources: Path[] = [['base'], ['tokenizer'], ['data', 'source']];
  for (const at of sources) {
    const path = get(...at, 'path');
    if (
      get(...at, 'kind') === 'file' &&
      typeof path === 'string' &&
      !(await exists(resolve(folder, path)))
    ) {
      add([...at, 'path'], `there is no file or folder ${resolve(folder, path)}`, true);
    }
  }
  for (let i = 0; get('evaluation', 'suites', i) !== undefined; i += 1) {
    const file = get('evaluation', 'suites', i, 'file');
    if (typeof file === 'string' && !(await exists(resolve(folder, file)))) {
      add(['evaluation', 'suites', i, 'file'], `there is no file ${resolve(folder, file)}`, true);
    }
  }
  const pilot = get('pilot', 'suite', 'file');
  if (typeof pilot === 'string' && !(await exists(resolve(folder, pilot)))) {
    add(['pilot', 'suite', 'file'], `there is no file ${resolve(folder, pilot)}`, true);
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
