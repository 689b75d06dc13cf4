import { z } from 'zod';
import type { ArtifactRef, Manifest } from '../../contracts/base.js';
import type { TrainedSoFar } from '../../contracts/outcome.js';
import { blobKey, readManifest } from '../../store/artifacts.js';
import { DamagedArtifactError, MissingObjectError } from '../../store/errors.js';
import type { ObjectStore } from '../../store/object-store.js';

/** Of `trainer_state.json`; what else it holds is the trainer's own. */
const State = z.looseObject({
  step: z.int(),
  tokens: z.int(),
  loss: z.number().nullable(),
  orderHash: z.string(),
  resumedInexactly: z.boolean(),
});

const Line = z.looseObject({
  documentTokens: z.number(),
  secondsData: z.number(),
  secondsCompute: z.number(),
  secondsCheckpoint: z.number(),
});

/** Figures of a training that may go no further, from its checkpoint; null when that tells none. */
export async function trainedSoFar(
  store: ObjectStore,
  checkpoint: ArtifactRef,
): Promise<TrainedSoFar | null> {
  const text = await textsOf(store, checkpoint);
  const state = State.safeParse(parse(await text('trainer_state.json')));
  if (!state.success) return null;
  const { step, tokens, loss, orderHash, resumedInexactly } = state.data;
  const tokensPerSecond = pace(await text('metrics.jsonl'));
  return { steps: step, tokens, finalLoss: loss, orderHash, tokensPerSecond, resumedInexactly };
}

async function textsOf(
  store: ObjectStore,
  { digest }: ArtifactRef,
): Promise<(path: string) => Promise<string>> {
  const manifest = await readManifest(store, digest).catch((error: unknown): Manifest | null => {
    if (error instanceof MissingObjectError || error instanceof DamagedArtifactError) return null;
    throw error;
  });
  return async (path) => {
    const file = manifest?.files.find((entry) => entry.path === path);
    return Buffer.from((file && (await store.get(blobKey(file.sha256)))) ?? []).toString('utf8');
  };
}

/** Tokens per second over all steps, the waiting for data and checkpoints included. */
function pace(metrics: string): number {
  let tokens = 0;
  let seconds = 0;
  for (const line of metrics.split('\n')) {
    const step = Line.safeParse(parse(line));
    if (!step.success) continue;
    tokens += step.data.documentTokens;
    seconds += step.data.secondsData + step.data.secondsCompute + step.data.secondsCheckpoint;
  }
  return seconds > 0 ? tokens / seconds : 0;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
