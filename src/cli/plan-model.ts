import type { Config } from '../config/config.js';
import { CLI_EXIT } from '../contracts/failures.js';
import type {
  FineTuned,
  LastCheckpoint,
  PlanState,
  StageState,
  Summary,
} from '../contracts/state.js';
import { DamagedArtifactError, MissingObjectError, UnfitStoreError } from '../store/errors.js';
import { CliError } from './cli-error.js';

/** What a plan says about its models and answers. */
export type Told = Pick<Summary, 'model' | 'checkpoint'> & {
  readonly stages: readonly Pick<StageState, 'name' | 'status'>[];
} & (Pick<PlanState, 'answers'> | Pick<Summary, 'evaluation'>);

/** Null where it has not answered its questions twice. */
export const answersOf = (told: Told): PlanState['answers'] =>
  'answers' in told ? told.answers : told.evaluation.answers;

/** The server knows the newest run; without one, the summary tells of the last that has ended. */
export async function lastWords(settings: Config, planId: string): Promise<Told> {
  const { withClient } = await import('./connect.js');
  const { readState } = await import('./plan-handle.js');
  try {
    return await withClient(settings, (client) => readState(client, planId));
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    const { readSummary } = await import('./summary-file.js');
    return readSummary(settings.home, planId);
  }
}

export function modelOf({ model, checkpoint }: Told, planId: string): FineTuned {
  if (model !== null) return model;
  throw new CliError(
    `${planId} has no fine-tuned model: its full-train has not come to an end yet.`,
    CLI_EXIT.notFound,
    checkpoint === null
      ? `See \`dream-sft status ${planId}\`.`
      : `\`dream-sft export ${planId} FOLDER --checkpoint\` gives the model of its last checkpoint, step ${checkpoint.step}.`,
  );
}

/** What a running training publishes next would take the place of what is being copied. */
export function checkpointOf({ checkpoint, stages }: Told, planId: string): LastCheckpoint {
  const training = stages.find(({ name }) => name === 'full-train')?.status;
  if (training === 'running' || training === 'pausing') {
    throw new CliError(
      `The full-train of ${planId} is ${training}: its checkpoints come and go.`,
      CLI_EXIT.conflict,
      `Stop it at one first: dream-sft pause ${planId}`,
    );
  }
  if (checkpoint !== null) return checkpoint;
  throw new CliError(
    `${planId} has published no checkpoint of full-train.`,
    CLI_EXIT.notFound,
    `See \`dream-sft status ${planId}\`.`,
  );
}

/** A store's error as a person reads it; null: it is of another kind. */
export function storeMistake(error: unknown): CliError | null {
  if (error instanceof DamagedArtifactError || error instanceof MissingObjectError) {
    return new CliError(error.message, CLI_EXIT.data);
  }
  return error instanceof UnfitStoreError ? new CliError(error.message, CLI_EXIT.notFound) : null;
}
