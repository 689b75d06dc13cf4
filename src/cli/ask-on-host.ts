import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';
import type { Config } from '../config/config.js';
import {
  ASK_WORKFLOW,
  type AskInput,
  AskProgress,
  type AskResult,
  TRACE_FILE,
} from '../contracts/asking.js';
import { CLI_EXIT, FAILURES, isFailureType } from '../contracts/failures.js';
import { CONTROL_QUEUE } from '../contracts/stages.js';
import { exportFiles } from '../store/export-files.js';
import { openStore } from '../store/open-store.js';
import { CliError } from './cli-error.js';
import { withClient } from './connect.js';
import type { Revealed } from './denoising-canvas.js';
import { storeMistake } from './plan-model.js';
import { INTERRUPTED } from './trainer-here.js';

const LOOK_MS = 300;
/** Beyond the questions' own patience: when nobody has begun to carry them out, nobody will. */
const CONTROL_PATIENCE_MS = 10_000;

/** Asks a plan's model on a host; `onProgress` hears what its heartbeats tell. Ctrl-C takes it back. */
export function askOnHost(
  settings: Config,
  input: AskInput,
  onProgress: (reveals: readonly Revealed[]) => void,
): Promise<AskResult> {
  return withClient(settings, async (client) => {
    const handle = await client.workflow.start(ASK_WORKFLOW, {
      args: [input],
      workflowId: `ask-${randomUUID()}`,
      taskQueue: CONTROL_QUEUE,
      // A second Ctrl-C, or a lost terminal, leaves nothing behind for ever.
      workflowExecutionTimeout: '2 hours',
      staticSummary: `asks a model on a host of class ${input.hosts.gpuClass}`,
    });
    const takeBack = (): void => void handle.cancel().catch(() => undefined);
    process.on('SIGINT', takeBack);
    try {
      return await answered(client, handle, input, onProgress);
    } finally {
      process.off('SIGINT', takeBack);
    }
  });
}

async function answered(
  client: Client,
  handle: WorkflowHandle,
  { watch }: AskInput,
  onProgress: (reveals: readonly Revealed[]) => void,
): Promise<AskResult> {
  let done = false;
  const result = (handle.result() as Promise<AskResult>).finally(() => (done = true));
  result.catch(() => undefined);
  const givenUpAt = Date.now() + CONTROL_PATIENCE_MS;
  while (!done) {
    await Promise.race([result.catch(() => undefined), sleep(LOOK_MS)]);
    if (done) break;
    const { raw, historyLength } = await handle.describe();
    if (watch) onProgress(revealsIn(raw.pendingActivities ?? []));
    // Started and a first workflow task scheduled, but never taken.
    if (historyLength <= 2 && Date.now() > givenUpAt) {
      await handle.terminate('no control worker');
      throw new CliError(
        'No control worker took the question up.',
        CLI_EXIT.noServer,
        'Start one with `dream-sft worker control`.',
      );
    }
  }
  return result.catch((error: unknown) => Promise.reject(mistakeOf(error)));
}

type Pending = temporal.api.workflow.v1.IPendingActivityInfo;

function revealsIn(pending: readonly Pending[]): Revealed[] {
  const answering = pending.find(({ activityType }) => activityType?.name === 'answerQuestions');
  const data = answering?.heartbeatDetails?.payloads?.[0]?.data;
  if (!data) return [];
  const told = AskProgress.safeParse(JSON.parse(new TextDecoder().decode(data)));
  return told.success ? told.data.reveals : [];
}

const ADVICE: Readonly<Record<string, string>> = {
  NoFreeHost:
    'It is busy, or none is there: wait longer with --patience SECONDS, start one with `dream-sft worker gpu`, or ask on this machine with --on here.',
  GaveWay: 'Ask again when the plan has finished, or on this machine with --on here.',
  HostLost: 'Ask again.',
};

function mistakeOf(error: unknown): unknown {
  const cause = error instanceof WorkflowFailedError ? error.cause : undefined;
  if (cause instanceof CancelledFailure) return new CliError('Stopped.', INTERRUPTED);
  if (!(cause instanceof ApplicationFailure)) return error;
  const { type, message } = cause;
  const known = type && isFailureType(type) ? FAILURES[type].cliExit : CLI_EXIT.conflict;
  return new CliError(message, known, ADVICE[type ?? '']);
}

/** The lines of the trace that the host has left in the store. */
export async function traceOf(
  settings: Config,
  { model }: AskInput,
  { trace }: AskResult,
): Promise<string> {
  if (trace === null) return '';
  const folder = await mkdtemp(join(tmpdir(), 'dream-sft-trace-'));
  try {
    const credentials = settings.storeCredentials ?? undefined;
    const store = await openStore(model.store, settings.home, credentials);
    await exportFiles(store, { artifact: trace, folder: '' }, folder);
    return await readFile(join(folder, TRACE_FILE), 'utf8');
  } catch (error) {
    throw storeMistake(error) ?? error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
