import type { ArtifactRef, Manifest } from '../../contracts/base.js';
import type { ResultEvent } from '../../contracts/events.js';
import { publishArtifact } from '../../store/artifacts.js';
import { stageFailure } from '../stage-failure.js';
import type { StageDeps } from '../deps.js';
import type { TrainerRun } from './run-trainer.js';

/** The result event of the command that was asked for. */
export function resultOf<C extends ResultEvent['command']>(
  run: TrainerRun,
  command: C,
): Extract<ResultEvent, { command: C }> {
  const { result } = run.exit;
  if (result?.command === command) return result as Extract<ResultEvent, { command: C }>;
  throw stageFailure(
    'TrainerCrashed',
    `The trainer ended without a result of ${command}`,
    run.exit.logTail,
  );
}

/** The output with the digests that the trainer told, each checked before anything is published. */
export function publishOutput(
  { deps }: { readonly deps: StageDeps },
  result: ResultEvent,
  kind: Manifest['kind'],
): Promise<ArtifactRef> {
  if (result.folder === null)
    throw stageFailure('TrainerCrashed', `${result.command} named no output`);
  return publishArtifact(deps.store, { folder: result.folder, files: result.files, kind });
}
