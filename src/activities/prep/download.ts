import { copyFile, mkdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { DownloadConfiguration } from '../../contracts/stage-configuration.js';
import type { ArtifactRef, FileEntry, Manifest } from '../../contracts/base.js';
import type { ResultEvent } from '../../contracts/events.js';
import { publishArtifact } from '../../store/artifacts.js';
import { resultOf } from '../trainer/outputs.js';
import { stageFailure } from '../stage-failure.js';
import type { PrepTools, PrepWork } from './prep-stage.js';

const KINDS: Readonly<Record<string, Manifest['kind']>> = { base: 'model', dataset: 'dataset' };

/** Questions of suites are fetched like everything else, each suite's into a folder of its own. */
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
        ...suites.map(({ name, source }) => ({
          name: `suite-${name}`,
          source,
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
      if (suites.length > 0) artifacts['suites'] = await suiteFiles(tools, suites, metrics);
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
  metrics: DownloadMetrics,
): Promise<ArtifactRef> {
  const target = join(folder, 'suites');
  await mkdir(target);
  for (const { name } of suites) {
    const path = onlyFile(name, filesOf(metrics, `suite-${name}`));
    await copyFile(join(folder, `suite-${name}`, path), join(target, `${name}${extname(path)}`));
  }
  return publishArtifact(deps.store, { folder: target, kind: 'files' });
}

function onlyFile(suite: string, files: readonly FileEntry[]): string {
  const [file, ...others] = files;
  if (file && others.length === 0) return file.path;
  const found = files.map(({ path }) => path).join(', ');
  throw stageFailure(
    'BadData',
    `The source of suite ${suite} has ${files.length} files (${found}); name one with files in the plan`,
  );
}
