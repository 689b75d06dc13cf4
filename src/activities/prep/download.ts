import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DownloadConfiguration } from '../../contracts/stage-configuration.js';
import type { ArtifactRef, FileEntry, Manifest } from '../../contracts/base.js';
import type { ResultEvent } from '../../contracts/events.js';
import { publishArtifact } from '../../store/artifacts.js';
import { resultOf } from '../trainer/outputs.js';
import { stageFailure } from '../stage-failure.js';
import type { PrepTools, PrepWork } from './prep-stage.js';

const KINDS: Readonly<Record<string, Manifest['kind']>> = { base: 'model', dataset: 'dataset' };

/** Suites that come from a file are fetched like everything else, each into its own folder. */
export function downloadWork({ sources, suites }: DownloadConfiguration): PrepWork {
  return {
    unit: 'bytes',
    spec: async ({ folder, folders, kept }) => ({
      command: 'download',
      runDir: folders.runDir,
      items: [
        ...Object.entries(sources).flatMap(([name, source]) =>
          source ? [{ name, source, destination: join(kept, name) }] : [],
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
        artifacts[name] = await publishSource(tools, name, filesOf(metrics, name));
      }
      if (!sources.tokenizer)
        artifacts['tokenizer'] = await tokenizerOfBase(tools, filesOf(metrics, 'base'));
      if (suites.length > 0) artifacts['suites'] = await suiteFiles(tools, suites);
      return { artifacts, metrics: { kind: 'download', download: metrics } };
    },
  };
}

type DownloadMetrics = Extract<ResultEvent, { command: 'download' }>['metrics'];

function filesOf({ items }: DownloadMetrics, name: string): readonly FileEntry[] {
  const item = items.find((one) => one.name === name);
  if (!item) throw stageFailure('TrainerCrashed', `download told nothing of ${name}`);
  return item.files;
}

function publishSource(
  { deps, kept }: PrepTools,
  name: string,
  files: readonly FileEntry[],
): Promise<ArtifactRef> {
  return publishArtifact(deps.store, {
    folder: join(kept, name),
    kind: KINDS[name] ?? 'files',
    files,
  });
}

const WEIGHTS = /\.(safetensors|safetensors\.index\.json|py)$/;
const NOT_TOKENIZER = new Set(['config.json', 'generation_config.json']);

/** The base's own tokenizer files: whatever lies beside its weights and is no model configuration. */
async function tokenizerOfBase(
  tools: PrepTools,
  files: readonly FileEntry[],
): Promise<ArtifactRef> {
  const beside = files.filter(
    ({ path }) => !path.includes('/') && !WEIGHTS.test(path) && !NOT_TOKENIZER.has(path),
  );
  if (beside.length === 0) {
    throw stageFailure(
      'BadData',
      'The base model has no tokenizer files; name one in the plan with tokenizer',
    );
  }
  return publishArtifact(tools.deps.store, {
    folder: join(tools.kept, 'base'),
    kind: 'files',
    files: beside,
  });
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
