import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DownloadConfiguration } from '../../contracts/stage-configuration.js';
import type { ArtifactRef, FileEntry, Manifest } from '../../contracts/base.js';
import { publishArtifact } from '../../store/artifacts.js';
import { resultOf } from '../trainer/outputs.js';
import { stageFailure } from '../stage-failure.js';
import type { PrepTools, PrepWork } from './prep-stage.js';

const KINDS: Readonly<Record<string, Manifest['kind']>> = { base: 'model', dataset: 'dataset' };

/** Suites that come from a file are fetched like everything else, each into its own folder. */
export function downloadWork({ sources, suites }: DownloadConfiguration): PrepWork {
  return {
    unit: 'bytes',
    spec: async ({ folder, folders }) => ({
      command: 'download',
      runDir: folders.runDir,
      items: [
        ...Object.entries(sources).flatMap(([name, source]) =>
          source ? [{ name, source, destination: join(folder, name) }] : [],
        ),
        ...suites.map(({ name, file }) => ({
          name: `suite-${name}`,
          source: { kind: 'file' as const, path: file },
          destination: join(folder, `suite-${name}`),
        })),
      ],
    }),
    async result(tools, run) {
      const { metrics } = resultOf(run, 'download');
      const artifacts: Record<string, ArtifactRef> = {};
      for (const name of Object.keys(sources)) {
        const files = metrics.items.find((item) => item.name === name)?.files;
        artifacts[name] = await publishSource(tools, name, files);
      }
      if (!sources.tokenizer) artifacts['tokenizer'] = await tokenizerOfBase(tools);
      if (suites.length > 0) artifacts['suites'] = await suiteFiles(tools, suites);
      return { artifacts, metrics: { kind: 'download', download: metrics } };
    },
  };
}

function publishSource(
  { deps, folder }: PrepTools,
  name: string,
  files: readonly FileEntry[] | undefined,
): Promise<ArtifactRef> {
  const kind = KINDS[name] ?? 'files';
  return publishArtifact(deps.store, { folder: join(folder, name), kind, ...(files && { files }) });
}

const WEIGHTS = /\.(safetensors|safetensors\.index\.json|py)$/;
const NOT_TOKENIZER = new Set(['config.json', 'generation_config.json']);

/** The base's own tokenizer files: whatever lies beside its weights and is no model configuration. */
async function tokenizerOfBase({ deps, folder }: PrepTools): Promise<ArtifactRef> {
  const names = (await readdir(join(folder, 'base'))).filter(
    (name) => !WEIGHTS.test(name) && !NOT_TOKENIZER.has(name),
  );
  if (names.length === 0) {
    throw stageFailure(
      'BadData',
      'The base model has no tokenizer files; name one in the plan with tokenizer',
    );
  }
  const target = join(folder, 'tokenizer-of-base');
  await mkdir(target);
  await Promise.all(names.map((name) => copyFile(join(folder, 'base', name), join(target, name))));
  return publishArtifact(deps.store, { folder: target, kind: 'files' });
}

async function suiteFiles(
  { deps, folder }: PrepTools,
  suites: DownloadConfiguration['suites'],
): Promise<ArtifactRef> {
  const target = join(folder, 'suites');
  await mkdir(target);
  for (const { name } of suites) {
    const from = join(folder, `suite-${name}`);
    const [file] = await readdir(from);
    if (file) await copyFile(join(from, file), join(target, `${name}.jsonl`));
  }
  return publishArtifact(deps.store, { folder: target, kind: 'files' });
}
