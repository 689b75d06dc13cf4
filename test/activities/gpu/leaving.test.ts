import { ActivityCancellationDetails } from '@temporalio/common';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { StageDeps } from '../../../src/activities/deps.js';
import { Departure, type StopNotice } from '../../../src/notices/departure.js';
import { attempt, type Attempt, chainOf, failure, openLab, stageOf } from '../support/lab.js';
import { until } from '../../support/until.js';

const notice = (secondsLeft: number, changes: Partial<StopNotice> = {}): StopNotice => ({
  kind: 'stop',
  source: 'aws',
  action: 'terminate',
  stopAt: new Date(Date.now() + secondsLeft * 1000).toISOString(),
  seenAt: new Date().toISOString(),
  ...changes,
});

async function world(changes: Partial<StageDeps> = {}) {
  const departure = new Departure();
  const lab = await openLab({ departure, marginSeconds: 5, ...changes });
  onTestFinished(() => lab.close());
  return { lab, departure };
}

/** As the worker does: what is known first, then the shutdown. */
function leave({ env }: Attempt, departure: Departure, told: StopNotice): void {
  departure.tell(told);
  env.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }));
}

describe('an attempt whose host is about to go', () => {
  test('publishes a last checkpoint, hands the stage back, and the next one loses no step', async () => {
    const { lab, departure } = await world();
    const script = [{ checkpointEvery: 2, at: 3, end: 'wait' }, { end: 'finish' }];
    const input = await stageOf(lab, 'full-train', script);
    const first = attempt(lab.deps, input);
    await first.until(({ done, publishedStep }) => done === 3 && publishedStep === 2);
    const told = notice(120);
    leave(first, departure, told);
    expect(await failure(first.outcome)).toMatchObject({
      type: 'Preempted',
      nonRetryable: false,
      nextRetryDelay: '1s',
      message: expect.stringMatching(
        /^aws takes this host \(terminate, told 120 s before .*Z\); the next attempt goes on from step 3$/,
      ),
    });
    const { published, attempts } = await chainOf(lab, input);
    expect(published.map(({ step }) => step)).toEqual([2, 3]);
    expect(attempts[0]?.ended).toMatchObject({ how: 'preempted', step: 3, notice: told });

    const elsewhere = { ...lab.deps, departure: new Departure(), host: { id: 'b', boot: 'b' } };
    expect(await attempt(elsewhere, input, { attempt: 2 }).outcome).toMatchObject({
      kind: 'finished',
    });
    const { postMortems } = await chainOf(lab, input);
    expect(postMortems).toMatchObject([
      {
        kind: 'preempted',
        noticeSeen: true,
        notice: { source: 'aws', action: 'terminate', handedOverAfterSeconds: expect.any(Number) },
        newestStepKnown: 3,
        resumedFromStep: 3,
        stepsLost: 0,
      },
    ]);
  });

  test('does not wait for a trainer to end that has saved all it has done', async () => {
    const { lab, departure } = await world();
    const script = [{ checkpointEvery: 2, at: 3, end: 'wait', lingers: 1 }];
    const input = await stageOf(lab, 'full-train', script);
    const first = attempt(lab.deps, input);
    await first.until(({ done, publishedStep }) => done === 3 && publishedStep === 2);
    leave(first, departure, notice(3600));
    expect((await failure(first.outcome)).message).toContain('goes on from step 3');
    const { published } = await chainOf(lab, input);
    expect(published.map(({ step }) => step)).toEqual([2, 3]);
  });

  test('lets a trainer end the step it is at when an older checkpoint gets ready meanwhile', async () => {
    const { lab, departure } = await world();
    const script = [{ checkpointEvery: 2, at: 3, end: 'wait', inFlight: 1 }];
    const input = await stageOf(lab, 'full-train', script);
    const first = attempt(lab.deps, input);
    await first.until(({ done, publishedStep }) => done === 3 && publishedStep === 2);
    leave(first, departure, notice(3600));
    expect((await failure(first.outcome)).message).toContain('goes on from step 4');
    const { published } = await chainOf(lab, input);
    expect(published.at(-1)?.step).toBe(4);
  });

  test('asks for none when there is no time: the trainer is ended at once', async () => {
    const { lab, departure } = await world();
    // It would never answer SIGTERM.
    const script = [{ checkpointEvery: 2, at: 3, end: 'hang' }];
    const input = await stageOf(lab, 'full-train', script);
    const first = attempt(lab.deps, input);
    await first.until(({ done, publishedStep }) => done === 3 && publishedStep === 2);
    leave(first, departure, notice(0));
    expect((await failure(first.outcome)).message).toContain('goes on from step 2');
    const { published, attempts } = await chainOf(lab, input);
    expect(published.map(({ step }) => step)).toEqual([2]);
    expect(attempts[0]?.ended).toMatchObject({ how: 'preempted', step: 3 });
  });

  test('ends a trainer that does not save in time, and earlier when the end becomes sooner', async () => {
    const { lab, departure } = await world();
    const input = await stageOf(lab, 'full-train', [{ checkpointEvery: 2, at: 3, end: 'hang' }]);
    const first = attempt(lab.deps, input);
    await first.until(({ done, publishedStep }) => done === 3 && publishedStep === 2);
    leave(first, departure, notice(3600));
    await first.until(({ log }) => log.some((line) => line.includes('a last checkpoint is asked')));
    departure.tell(notice(0, { source: 'signal', action: 'SIGTERM' }));
    const { message } = await failure(first.outcome);
    // Who warned first stays the one who did.
    expect(message).toContain('aws takes this host');
  });

  test('hands back at once what has no trainer yet', async () => {
    const { lab, departure } = await world();
    const input = await stageOf(lab, 'full-train', [{}]);
    let stuck = false;
    vi.spyOn(lab.store, 'getFile').mockImplementation(() => {
      stuck = true;
      return new Promise(() => undefined);
    });
    const first = attempt(lab.deps, input);
    await until('the download of its inputs', () => stuck);
    leave(first, departure, notice(3600));
    expect(await failure(first.outcome)).toMatchObject({ type: 'Preempted' });
    const { attempts } = await chainOf(lab, input);
    expect(attempts[0]?.ended).toMatchObject({ how: 'preempted', step: 0 });
  });

  test('does not outstay its time for an upload that does not end, and publishes it never', async () => {
    const { lab, departure } = await world({ marginSeconds: 0 });
    const input = await stageOf(lab, 'full-train', [{ checkpointEvery: 2, at: 3, end: 'wait' }]);
    const put = lab.store.putFile.bind(lab.store);
    let go = (): void => undefined;
    const hangs = new Promise<void>((resolve) => (go = resolve));
    let sending = false;
    vi.spyOn(lab.store, 'putFile').mockImplementation(async (key, path) => {
      sending = true;
      await hangs;
      await put(key, path);
    });
    const first = attempt(lab.deps, input);
    await first.until(({ done }) => done === 3);
    await until('an upload', () => sending);
    leave(first, departure, notice(1));
    expect(await failure(first.outcome)).toMatchObject({ type: 'Preempted' });
    go();
    const { published, attempts } = await chainOf(lab, input);
    expect(published).toEqual([]);
    expect(attempts[0]?.ended).toMatchObject({ how: 'preempted' });
  });

  test('without anybody saying why, it has the time of a shutdown', async () => {
    const lab = await openLab();
    onTestFinished(() => lab.close());
    const input = await stageOf(lab, 'full-train', [{ checkpointEvery: 2, at: 3, end: 'wait' }]);
    const first = attempt(lab.deps, input);
    await first.until(({ done }) => done === 3);
    first.env.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }));
    expect((await failure(first.outcome)).message).toBe(
      'The worker was told to end (shutdown); the next attempt goes on from step 3',
    );
  });
});
