import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DeterminismViolationError } from '@temporalio/workflow';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const BUNDLE = fileURLToPath(new URL('../../dist/workflow-bundle.js', import.meta.url));
const NAMES = ['finished', 'cancelled', 'recovered'] as const;

interface HistoryEvent {
  readonly eventType: string;
  readonly workflowExecutionSignaledEventAttributes?: {
    readonly signalName: string;
    readonly input: { readonly payloads: readonly { readonly data: string }[] };
  };
  readonly workflowExecutionUpdateAcceptedEventAttributes?: {
    readonly acceptedRequest: { readonly input: { readonly name: string } };
  };
  readonly activityTaskScheduledEventAttributes?: {
    readonly activityType: { readonly name: string };
  };
}

function history(name: string): { events: HistoryEvent[] } {
  const path = new URL(`./${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(path, 'utf8')) as { events: HistoryEvent[] };
}

const replay = (name: string, codePath: string): Promise<void> =>
  Worker.runReplayHistory({ workflowBundle: { codePath } }, history(name), name);

describe('recorded histories', () => {
  test.each(NAMES)('%s replays', (name) => replay(name, BUNDLE));

  test('recovered holds, in one run, an interruption told, a pause and a reschedule', () => {
    const { events } = history('recovered');
    const interruptions = events
      .map((event) => event.workflowExecutionSignaledEventAttributes)
      .filter((signal) => signal?.signalName === 'stageNews')
      .map((signal) => Buffer.from(signal!.input.payloads[0]!.data, 'base64').toString('utf8'))
      .map((text) => (JSON.parse(text) as { interruptions: number }).interruptions);
    expect(Math.max(...interruptions)).toBeGreaterThanOrEqual(1);
    const updates = events.flatMap(
      (event) =>
        event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest.input.name ?? [],
    );
    expect(updates).toEqual(['pause', 'resume']);
    const scheduled = events.filter(
      (event) => event.activityTaskScheduledEventAttributes?.activityType.name === 'fullTrain',
    );
    expect(scheduled.length).toBe(2);
  });
});

describe('a workflow that was changed', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'dream-sft-replay-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('does not replay when its stages come in another order', async () => {
    const code = readFileSync(BUNDLE, 'utf8');
    const order = /const order = ([^;]*stagesOf[^;]*);/g;
    // The bundle also carries its sources for stack traces; the code itself is what must change.
    expect(code).toMatch(order);
    const changed = join(folder, 'bundle.js');
    writeFileSync(changed, code.replaceAll(order, 'const order = [...$1].reverse();'));
    const error = await replay('finished', changed).catch((caught: unknown) => caught);
    expect(String(error)).toMatch(/determinism|nondeterminism|left no artifact/i);
    expect(error).toBeInstanceOf(Error);
    expect(error).toBeInstanceOf(DeterminismViolationError);
  });
});
