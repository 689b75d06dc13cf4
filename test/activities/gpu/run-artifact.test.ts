import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RunEnvironment, type TrainerEnvironment } from '../../../src/contracts/environment.js';
import { materialise } from '../../../src/store/artifacts.js';
import { attempt, CODE, openLab, stageOf, type Lab } from '../support/lab.js';

let lab: Lab;
beforeEach(async () => {
  lab = await openLab();
});
afterEach(() => lab.close());

const told: TrainerEnvironment = {
  command: 'train',
  platform: 'Linux',
  pythonVersion: '3.11.1',
  torchVersion: '2.13.0',
  device: 'cpu',
  threads: 2,
  cpu: { model: 'A Fast One', instructionSet: 'AVX2', cores: 2 },
  gpu: null,
  packages: { numpy: '2.1' },
};

async function runArtifact(): Promise<string | null> {
  const input = await stageOf(lab, 'full-train', [{ steps: 4 }]);
  const outcome = await attempt(lab.deps, input).outcome;
  if (outcome.kind !== 'finished') throw new Error(outcome.kind);
  const { run } = outcome.result.artifacts;
  const folder = join(lab.home, 'brought');
  await materialise(lab.store, run!, folder);
  return readFile(join(folder, 'environment.json'), 'utf8').catch(() => null);
}

it('carries what the trainer told of its environment, with host and code digest', async () => {
  const runDir = join(lab.home, 'runs', 'p', 'full-train');
  await mkdir(runDir, { recursive: true });
  await writeFile(join(runDir, 'environment.json'), JSON.stringify(told));
  const environment = RunEnvironment.parse(JSON.parse((await runArtifact()) ?? 'null'));
  expect(environment).toMatchObject({ ...told, host: 'host-a', codeDigest: CODE });
});

it('leaves out an environment that is none', async () => {
  const runDir = join(lab.home, 'runs', 'p', 'full-train');
  await mkdir(runDir, { recursive: true });
  await writeFile(join(runDir, 'environment.json'), '{"command":"train"}');
  expect(await runArtifact()).toBeNull();
});
