import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type AskActivities,
  type AskInput,
  type AskResult,
  TRACE_FILE,
} from '../../contracts/asking.js';
import type { RunSpecInput } from '../../contracts/run-spec.js';
import { publishArtifact } from '../../store/artifacts.js';
import { atStore } from '../at-store.js';
import { cancelledFailure } from '../cancellation.js';
import { type StageDeps, timingOf } from '../deps.js';
import { exitMessage, exitTail, judgeExit } from '../judge-exit.js';
import { stageFailure, toStageFailure } from '../stage-failure.js';
import { AskBeat } from '../trainer/ask-beat.js';
import { hostFolders } from '../trainer/folders.js';
import { bringModel } from '../trainer/materials.js';
import { Orders } from '../trainer/orders.js';
import { resultOf } from '../trainer/outputs.js';
import { type TrainerRun, TrainerRunner } from '../trainer/run-trainer.js';

/** Nothing of a question needs saving, and a stage may wait for the slot. */
const STOP_MS = 1000;

/** Beside the stages, with no chain, no journal and no part in a plan's money. */
export function createAskActivities(deps: StageDeps): AskActivities {
  return {
    async answerQuestions(asked) {
      const beat = new AskBeat(deps);
      beat.start();
      const asking = join(deps.home, 'hosts', deps.host.id, 'asked');
      try {
        deps.keeper?.refuseWhileBusy(deps);
        await mkdir(asking, { recursive: true });
        return await answer(await atStore(deps, asked.model.store), asked, beat, asking);
      } catch (error) {
        throw toStageFailure(error);
      } finally {
        beat.stop();
      }
    },
  };
}

async function answer(
  deps: StageDeps,
  asked: AskInput,
  beat: AskBeat,
  asking: string,
): Promise<AskResult> {
  const { artifact, tokenizer, folder: inside } = asked.model;
  const inputs = { model: artifact, tokenizer };
  const folders = hostFolders(deps);
  const model = await bringModel(deps, { stage: 'sample', inputs }, folders, 'model', inside);
  const folder = await mkdtemp(join(asking, 'run-'));
  try {
    const timing = { ...timingOf(deps), stopMs: STOP_MS };
    const runner = new TrainerRunner({ ...deps, timing }, new Orders());
    const spec = specOf(asked, folder, model);
    const run = await runner.run({ folder, runDir: folder, spec, beat, onEvent: () => undefined });
    return await conclude(deps, run, asked.trace ? tracedIn(folder) : null);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const tracedIn = (folder: string): string => join(folder, 'traced');

function specOf(asked: AskInput, folder: string, model: string): RunSpecInput {
  const { hosts, questions, systemPrompt, sampling, watch, trace } = asked;
  const { device, threads } = hosts;
  return {
    command: 'sample',
    runDir: folder,
    device,
    ...(threads === undefined ? {} : { threads }),
    ...{ model, questions: [...questions], systemPrompt, sampling },
    // One canvas at a time can be watched.
    ...(watch ? { watch, slots: 1 } : {}),
    ...(trace ? { trace: join(tracedIn(folder), TRACE_FILE) } : {}),
  };
}

async function conclude(
  deps: StageDeps,
  run: TrainerRun,
  traced: string | null,
): Promise<AskResult> {
  const { exit, reason } = run;
  const verdict = judgeExit(exit, reason);
  switch (verdict.action) {
    case 'finish': {
      const { metrics } = resultOf(run, 'sample');
      const publish = (folder: string) => publishArtifact(deps.store, { folder, kind: 'files' });
      const trace = traced === null ? null : await publish(traced);
      return { host: deps.host.id, metrics, trace };
    }
    case 'fail':
      throw stageFailure(verdict.type, exitMessage(exit, reason), exitTail(exit));
    default:
      throw cancelledFailure();
  }
}
