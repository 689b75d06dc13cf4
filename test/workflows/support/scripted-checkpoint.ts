import { mkdir, writeFile } from 'node:fs/promises';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArtifactRef } from '../../../src/contracts/base.js';
import { publishArtifact } from '../../../src/store/artifacts.js';
import type { ObjectStore } from '../../../src/store/object-store.js';

/** A checkpoint as the trainer leaves it, but for weights: ten tokens and a quarter second a step. */
export async function scriptedCheckpoint(store: ObjectStore, step: number): Promise<ArtifactRef> {
  const folder = mkdtempSync(join(tmpdir(), 'dream-sft-checkpoint-'));
  const state = {
    version: 1,
    step,
    tokens: 10 * step,
    loss: 1 / step,
    orderHash: 'c'.repeat(64),
    resumedInexactly: false,
  };
  const lines = Array.from({ length: step }, (_, index) => ({
    step: index + 1,
    loss: 1 / (index + 1),
    learningRate: 0.1,
    gradientNorm: 1,
    tokensPerSecond: 40,
    documentTokens: 10,
    secondsData: 0.05,
    secondsCompute: 0.15,
    secondsCheckpoint: 0.05,
  }));
  try {
    await mkdir(join(folder, 'model'));
    await writeFile(join(folder, 'model', 'config.json'), '{}');
    await writeFile(join(folder, 'trainer_state.json'), JSON.stringify(state));
    const metrics = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    await writeFile(join(folder, 'metrics.jsonl'), metrics);
    return await publishArtifact(store, { folder, kind: 'checkpoint' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
