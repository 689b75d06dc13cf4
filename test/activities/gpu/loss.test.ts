import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Ledger } from '../../../src/store/ledger.js';
import { attempt, chainOf, failure, openLab, stageOf, type Lab } from '../support/lab.js';

let lab: Lab;
beforeEach(async () => {
  lab = await openLab();
});
afterEach(() => lab.close());

describe('after a loss', () => {
  it('writes one post-mortem with what was lost', async () => {
    const input = await stageOf(lab, 'full-train', [
      { steps: 6, at: 3, end: 'wait' },
      { steps: 6 },
    ]);
    const first = attempt(lab.deps, input);
    const { trainerPid } = await first.until((b) => b.done === 3 && b.publishedStep === 2);
    process.kill(trainerPid ?? 0, 'SIGKILL');
    await failure(first.outcome);
    const heartbeatDetails = first.beats.at(-1);
    await attempt(lab.deps, input, { attempt: 2, heartbeatDetails }).outcome;
    const { postMortems } = await chainOf(lab, input);
    expect(postMortems).toHaveLength(1);
    expect(postMortems[0]).toMatchObject({
      kind: 'trainer-crashed',
      newestStepKnown: 3,
      resumedFromStep: 2,
      stepsLost: 1,
    });
  });

  it('prices the time to detect, to resume, and of the lost steps', async () => {
    const ledger = new Ledger(lab.store, 'p');
    await ledger.open({ capFen: 1_000_000, reserveFen: 0, pricePerHourFen: 3600 });
    const input = await stageOf(lab, 'full-train', [
      { steps: 6, at: 3, end: 'kill' },
      { steps: 6 },
    ]);
    const first = attempt(lab.deps, input);
    await failure(first.outcome);
    // Two minutes ago at four seconds a step, whatever this machine's pace.
    const at = new Date(Date.now() - 120_000).toISOString();
    const heartbeatDetails = { ...first.beats.at(-1), at, done: 3, total: 6, etaSeconds: 12 };
    await attempt(lab.deps, input, { attempt: 2, heartbeatDetails }).outcome;
    const [told] = (await chainOf(lab, input)).postMortems;
    // One fen a second: what was waited, and the one lost step.
    expect(told?.stepsLost).toBe(1);
    expect(told?.moneyLostFen).toBe(Math.ceil(told!.resumedAfterSeconds! + 4));
  });

  it('salvages a staged checkpoint that was never published', async () => {
    const beforeJournalWrite = async (key: string): Promise<void> => {
      if (key.endsWith('00000002.json')) throw new Error('store out of reach');
    };
    const input = await stageOf(lab, 'full-train', [
      { steps: 6, at: 2, end: 'kill' },
      { steps: 6 },
    ]);
    await failure(attempt({ ...lab.deps, beforeJournalWrite }, input).outcome);
    expect((await chainOf(lab, input)).newest).toBeNull();
    const outcome = await attempt(lab.deps, input, { attempt: 2 }).outcome;
    expect(outcome).toMatchObject({ result: { metrics: { train: { stepsThisAttempt: 4 } } } });
    const steps = (await chainOf(lab, input)).published.map(({ step, token }) => [step, token]);
    expect(steps[0]).toEqual([2, 2]);
  });

  it('refuses a zombie that wakes between validation and the journal write', async () => {
    let wake = (): void => undefined;
    const asleep = new Promise<void>((resolve) => (wake = resolve));
    let reached = (): void => undefined;
    const atWrite = new Promise<void>((resolve) => (reached = resolve));
    const beforeJournalWrite = async (key: string): Promise<void> => {
      if (!key.endsWith('00000002.json')) return;
      reached();
      await asleep;
    };
    const input = await stageOf(lab, 'full-train', [
      { steps: 6, at: 3, end: 'wait' },
      { steps: 6 },
    ]);
    const zombie = attempt({ ...lab.deps, beforeJournalWrite }, input);
    await atWrite;
    const other = { ...lab.deps, host: { id: 'host-b', boot: 'boot-2' } };
    const outcome = await attempt(other, input, { attempt: 2 }).outcome;
    expect(outcome.kind).toBe('finished');
    wake();
    expect((await failure(zombie.outcome)).type).toBe('Superseded');
    const chain = await chainOf(lab, input);
    expect(chain.refused.map(({ token, step }) => [token, step])).toEqual([[1, 2]]);
    expect(chain.published.every(({ token }) => token === chain.newestToken)).toBe(true);
  });

  it('leaves no staged checkpoint behind', async () => {
    const input = await stageOf(lab, 'full-train', [{ steps: 6 }]);
    await attempt(lab.deps, input).outcome;
    const names = await readdir(join(lab.home, 'hosts', 'host-a', 'work'), { recursive: true });
    expect(names.filter((name) => name.includes('step-'))).toEqual([]);
  });
});
