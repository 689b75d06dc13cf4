// One attempt of the trainer as a child of this process: what the engines that are compared all call.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/**
 * Resolves with the metrics of the result; rejects when the trainer ends in any other way. `job` is
 * { python, trainerFolder, specFile }; the trainer ends with this process, as its stdin is open.
 */
export async function runTrainer(job, { resumeFrom, onEvent = () => {}, signal }) {
  const spec = { ...JSON.parse(readFileSync(job.specFile, 'utf8')), resumeFrom };
  const path = `${job.specFile}.${process.pid}-${Date.now()}.json`;
  writeFileSync(path, JSON.stringify(spec));
  const child = spawn(job.python, ['-m', 'dream_sft', 'train', '--spec', path], {
    env: { ...process.env, PYTHONPATH: job.trainerFolder },
    stdio: ['pipe', 'pipe', 'inherit'],
    signal,
  });
  const ended = new Promise((resolve) => {
    child.once('close', (code, by) => resolve({ code, by }));
    child.on('error', (error) =>
      child.pid === undefined ? resolve({ code: null, by: error }) : null,
    );
  });
  let metrics;
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line);
    if (event.type === 'result') metrics = event.metrics;
    onEvent(event);
  }
  const { code, by } = await ended;
  if (code !== 0) throw new Error(`the trainer ended with ${by ?? code}`);
  return metrics;
}

/** The newest checkpoint in the folder that all attempts share; a folder is there only when complete. */
export function newestCheckpoint(specFile) {
  const { folder } = JSON.parse(readFileSync(specFile, 'utf8')).checkpoints;
  const steps = existsSync(folder)
    ? readdirSync(folder).flatMap((name) => /^step-(\d+)$/.exec(name)?.[1] ?? [])
    : [];
  const newest = steps
    .map(Number)
    .sort((a, b) => a - b)
    .at(-1);
  return newest === undefined ? null : join(folder, `step-${newest}`);
}
