import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Manifest } from '../contracts/base.js';
import { BeforeScores, type BeforeScore } from '../contracts/before-scores.js';
import { CLI_EXIT } from '../contracts/failures.js';
import { mistakesIn } from '../contracts/mistakes.js';
import { hashFolder } from '../store/artifact-files.js';
import { manifestDigest, publishArtifact } from '../store/artifacts.js';
import { exportFiles } from '../store/export-files.js';
import type { ObjectStore } from '../store/object-store.js';
import { CliError } from './cli-error.js';
import { storeMistake } from './plan-model.js';

/** A folder of exported scores: before.json, and below <name>/ the files of each one's artifacts. */
const DOCUMENT = 'before.json';
const KINDS: Readonly<Record<string, Manifest['kind']>> = { answers: 'answers', run: 'files' };

export async function writeScores(
  store: ObjectStore,
  destination: string,
  document: BeforeScores,
): Promise<void> {
  const part = `${destination}.part`;
  try {
    for (const { name, result } of document.scores) {
      for (const [kind, artifact] of Object.entries(result.artifacts)) {
        await exportFiles(store, { artifact, folder: '' }, join(part, name, kind));
      }
    }
    await mkdir(part, { recursive: true });
    await writeFile(join(part, DOCUMENT), `${JSON.stringify(document, null, 2)}\n`);
    await rename(part, destination);
  } catch (error) {
    throw storeMistake(error) ?? error;
  }
}

export async function readScores(source: string): Promise<BeforeScores> {
  const path = join(source, DOCUMENT);
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) {
    throw new CliError(
      `${source} holds no ${DOCUMENT}.`,
      CLI_EXIT.notFound,
      'Name a folder that `dream-sft before export` has written.',
    );
  }
  const parsed = BeforeScores.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  throw new CliError(`${path} is damaged: ${mistakesIn(parsed.error)}.`, CLI_EXIT.data);
}

/** Every file by its digest, and the scores by the answers that they are of. */
export async function damages(source: string, scores: readonly BeforeScore[]): Promise<string[]> {
  const found: string[] = [];
  for (const { name, result } of scores) {
    for (const [kind, { digest }] of Object.entries(result.artifacts)) {
      const known = Object.hasOwn(KINDS, kind);
      const files = known ? await hashFolder(join(source, name, kind)).catch(() => []) : [];
      const whole = files.length > 0 && manifestDigest(KINDS[kind] ?? 'files', files) === digest;
      if (!whole)
        found.push(
          `${name}: files of ${kind} are missing or changed (digest ${digest.slice(0, 12)})`,
        );
    }
    const told = await readFile(join(source, name, 'answers', 'scores.json'), 'utf8').catch(
      () => '',
    );
    const { metrics } = result;
    if (metrics.kind !== 'evaluate' || !isDeepStrictEqual(metrics.evaluate, jsonOf(told))) {
      found.push(`${name}: ${DOCUMENT} tells other scores than its answers`);
    }
  }
  return found;
}

/** The files of one score into a store, each under its digest. */
export async function publishScore(
  store: ObjectStore,
  source: string,
  { name, result }: BeforeScore,
): Promise<void> {
  for (const kind of Object.keys(result.artifacts)) {
    await publishArtifact(store, {
      folder: join(source, name, kind),
      kind: KINDS[kind] ?? 'files',
    });
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
