import { isMap } from 'yaml';
import { TrainingConfig, ViewConfig } from '../contracts/training.js';
import {
  cutRightMistake,
  largestRank,
  longestRow,
  trainingMistakes,
} from '../contracts/training-rules.js';
import { widthsOf } from './base-widths.js';
import type { Add, Get } from './plan-cross-checks.js';

const CUT_ZH =
  'cut_right 只用于 d1 的方案（view trace），因为被截断的回答没有写到答案：请用 attempt_only 或 drop';

/** What the trainer would refuse on a paid host; what the schema refuses is told by it. */
export async function checkTraining(get: Get, add: Add, folder: string): Promise<void> {
  const view = viewOf(get);
  if (view) checkCut(view, get, add);
  const training = trainingOf(get);
  if (training === null) return;
  const device = get('hosts', 'device');
  const where = typeof device === 'string' ? device : 'cuda';
  for (const { key, message, zh } of trainingMistakes(training, where)) {
    add(['training', key], message, { zh });
  }
  if (view) checkRows(training, view, add);
  await checkRank(training, get, add, folder);
}

/** A candidate of a pilot may take another view than the plan. */
function checkCut(view: ViewConfig, get: Get, add: Add): void {
  const cut = cutRightMistake(view);
  if (cut) add(['data', 'overLong'], cut, { zh: CUT_ZH });
  for (let i = 0; get('pilot', 'candidates', i) !== undefined; i += 1) {
    const at = ['pilot', 'candidates', i, 'view'];
    const own = ViewConfig.shape.view.safeParse(get(...at) ?? view.view);
    const mistake = own.success ? cutRightMistake({ ...view, view: own.data }) : null;
    if (mistake && get(...at) !== undefined) add(at, mistake, { zh: CUT_ZH });
  }
}

function trainingOf(get: Get): TrainingConfig | null {
  const node = get('training');
  const parsed = TrainingConfig.safeParse(isMap(node) ? node.toJSON() : null);
  return parsed.success ? parsed.data : null;
}

function viewOf(get: Get): ViewConfig | null {
  const keys = Object.keys(ViewConfig.shape);
  const given = keys.flatMap((key) => {
    const value = get('data', key);
    return value === undefined ? [] : [[key, value] as const];
  });
  const parsed = ViewConfig.safeParse(Object.fromEntries(given));
  return parsed.success ? parsed.data : null;
}

function checkRows(training: TrainingConfig, view: ViewConfig, add: Add): void {
  if (training.validation !== null && view.heldOutRows === 0) {
    add(['training', 'validation'], 'no row is held out: give data.heldOutRows, or leave it out', {
      zh: '没有留出的行：请给出 data.heldOutRows，或不写这一项',
    });
  }
  const cap = training.tokensPerMicroBatch;
  const { tokens, rounded } = longestRow(view, training);
  if (cap === null || cap >= tokens) return;
  const message = `data.maxLength ${view.maxLength} lets a document take ${tokens} tokens with its end tokens: give at least ${rounded}, or lower data.maxLength`;
  const zh = `data.maxLength ${view.maxLength} 使一篇文档连同结束符可达 ${tokens} 个词元：至少写 ${rounded}，或调低 data.maxLength`;
  add(['training', 'tokensPerMicroBatch'], message, { zh });
}

async function checkRank(
  { method, lora }: TrainingConfig,
  get: Get,
  add: Add,
  folder: string,
): Promise<void> {
  if (method !== 'lora') return;
  const widths = await widthsOf(get, folder);
  if (widths === null) return;
  const { rank, of } = largestRank(widths, lora.modules);
  if (lora.rank <= rank) return;
  const message = `exceeds the smaller side of ${of} of this base: take at most ${rank}, got ${lora.rank}`;
  const zh = `超过此基础模型 ${of} 较短的一边：最多 ${rank}，现为 ${lora.rank}`;
  add(['training', 'lora', 'rank'], message, { zh });
}
