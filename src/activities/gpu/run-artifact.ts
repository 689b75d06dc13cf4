import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactRef } from '../../contracts/base.js';
import {
  ENVIRONMENT_FILE,
  type RunEnvironment,
  TrainerEnvironment,
} from '../../contracts/environment.js';
import { readGpuDrivers } from '../../processes/gpus.js';
import { publishArtifact } from '../../store/artifacts.js';
import type { AttemptTools } from './attempt.js';

/** Metrics, log and environment for the report; a file that is not there is left out. */
export async function publishRun(tools: AttemptTools): Promise<Record<string, ArtifactRef>> {
  const folder = join(tools.folder, 'run');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const copied = await Promise.all(
    ['metrics.jsonl', 'trainer.log'].map((name) =>
      copyFile(join(tools.folders.runDir, name), join(folder, name)).then(
        () => true,
        () => false,
      ),
    ),
  );
  const environment = await readEnvironment(tools);
  if (environment) {
    await writeFile(join(folder, ENVIRONMENT_FILE), `${JSON.stringify(environment, null, 2)}\n`);
  }
  if (!environment && !copied.includes(true)) return {};
  return { run: await publishArtifact(tools.deps.store, { folder, kind: 'files' }) };
}

/** What the trainer told of its last start, with what only this side knows. */
async function readEnvironment({
  deps,
  folders,
}: Pick<AttemptTools, 'deps' | 'folders'>): Promise<RunEnvironment | null> {
  const text = await readFile(join(folders.runDir, ENVIRONMENT_FILE), 'utf8').catch(() => null);
  if (text === null) return null;
  const told = TrainerEnvironment.safeParse(JSON.parse(text));
  if (!told.success) return null;
  const { host, codeDigest } = deps;
  return { ...told.data, host: host.id, codeDigest, gpuDrivers: await readGpuDrivers() };
}
