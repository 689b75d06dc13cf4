// The same blows for every system: it knows a trainer, the process that started it, and nothing else.
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { stepsOf } from './recordings.mjs';

const LOOK_EVERY_MS = 25;
const PATIENCE_MS = 180_000;
/** Longer than the longest time in which one of them is documented to notice: 60 s of Restate. */
const SLEEP_AT_MOST_MS = 90_000;

export const FAULTS = [
  {
    // Worker and trainer sleep; another host is there at once; the old one wakes when a newer trainer
    // has written a checkpoint.
    name: 'host-frozen',
    strike: async ({ pid, parent }) => {
      signal(parent, 'SIGSTOP');
      signal(pid, 'SIGSTOP');
    },
    afterwards: async ({ pid, parent }, { run, recordings, begun }) => {
      await run.startStandby();
      const newer = () => recordings.since(begun).filter((each) => each.pid !== pid);
      const wrote = () =>
        newer().some(({ events }) => events.some(({ type }) => type === 'checkpoint-ready'));
      const woken = await until(wrote, SLEEP_AT_MOST_MS, newer);
      signal(pid, 'SIGCONT');
      signal(parent, 'SIGCONT');
      return { wokenAt: Date.now(), wokenByPatience: !woken };
    },
  },
  {
    name: 'host-killed',
    strike: async ({ pid, parent }) => {
      signal(parent, 'SIGKILL');
      signal(pid, 'SIGKILL');
    },
  },
  { name: 'trainer-killed', strike: async ({ pid }) => signal(pid, 'SIGKILL') },
];

/** Strikes the first trainer when it has made `atStep` steps and has a checkpoint behind it. */
export async function killAt({ fault, atStep }, { run, recordings, begun }) {
  const victim = await need(`a trainer comes to step ${atStep}`, () => {
    const [first] = recordings.since(begun);
    const hasCheckpoint = first?.events.some(({ type }) => type === 'checkpoint-ready');
    return hasCheckpoint && stepsOf(first).at(-1).step >= atStep ? first : null;
  });
  const at = Date.now();
  await fault.strike(victim);
  const { pid, parent } = victim;
  const more = await fault.afterwards?.(victim, { run, recordings, begun });
  return { pid, parent, at, ...more };
}

/** Until all trainers of the trial are gone, zombies among them. */
export const untilQuiet = (recordings, begun) =>
  need('the last trainer ends', () => !recordings.since(begun).some(({ pid }) => isRunning(pid)));

/** Whatever a trial that failed has left. */
export function endAll(recordings, begun) {
  for (const { pid } of recordings.since(begun)) if (isRunning(pid)) signal(pid, 'SIGKILL');
}

export function isRunning(pid) {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return false;
  try {
    return !/\) [ZX] /.test(readFileSync(path, 'utf8'));
  } catch {
    return false;
  }
}

function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

async function need(what, ask) {
  const answer = await until(ask, PATIENCE_MS);
  if (answer === null) throw new Error(`The killer waited in vain: ${what}.`);
  return answer;
}

/** Patience runs only while nobody has `begun`: a trainer that is starting may take its time to publish. */
async function until(ask, patienceMs, begunBy = () => []) {
  const start = Date.now();
  for (;;) {
    const answer = ask();
    if (answer) return answer;
    const limit = begunBy().length > 0 ? PATIENCE_MS : patienceMs;
    if (Date.now() - start > limit) return null;
    await sleep(LOOK_EVERY_MS);
  }
}
