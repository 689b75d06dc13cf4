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

/** What the trainer would refuse on a paid host; what the schema refuses is told by it. */
export async function checkTraining(get: Get, add: Add, folder: string): Promise<void> {
  const view = viewOf(get);
  const cut = view && cutRightMistake(view);
  if (cut) add(['data', 'overLong'], cut);
  const training = trainingOf(get);
  if (training === null) return;
  const device = get('hosts', 'device') ?? 'cuda';
  for (const { key, message } of trainingMistakes(training, String(device))) {
    add(['training', key], message);
  }
  if (view) checkRows(training, view, add);
  await checkRank(training, get, add, folder);
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
    add(['training', 'validation'], 'no row is held out: give data.heldOutRows, or leave it out');
  }
  const cap = training.tokensPerMicroBatch;
  const { tokens, rounded } = longestRow(view, training);
  if (cap === null || cap >= tokens) return;
  const message = `data.maxLength ${view.maxLength} lets a document take ${tokens} tokens with its end tokens: give at least ${rounded}, or lower data.maxLength`;
  add(['training', 'tokensPerMicroBatch'], message);
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
  add(['training', 'lora', 'rank'], message);
}
