// One trial in figures, all of them from what the trainers themselves have recorded. Pure.
import { stepsOf } from './recordings.mjs';

const seconds = (ms) => Math.round(ms) / 1000;

export function measure({ processes, strike, outcome, straight }) {
  const victim = processes.find(({ pid }) => pid === strike.pid);
  const later = processes.filter(({ at }) => at > strike.at);
  const first = later[0];
  const firstStep = later.flatMap(stepsOf).sort((a, b) => a.at - b.at)[0];
  // A killed one makes no more; what a zombie makes later is not of the time of the strike.
  const done = stepsOf(victim).filter(({ at }) => at < (strike.wokenAt ?? Infinity));
  const stepAtStrike = done.at(-1)?.step ?? 0;
  const ready = first?.events.find(({ type }) => type === 'ready');
  const made = processes.flatMap(stepsOf).map(({ step }) => step);
  return {
    stepAtStrike,
    detectedAfterSeconds: first ? seconds(first.at - strike.at) : null,
    resumedAfterSeconds: firstStep ? seconds(firstStep.at - strike.at) : null,
    stepsLost: ready ? stepAtStrike - ready.step : null,
    stepsRepeated: made.length - new Set(made).size,
    trainers: processes.length,
    zombieWritesAccepted: outcome.zombieWritesAccepted,
    zombieWritesRefused: outcome.zombieWritesRefused ?? null,
    ended: outcome.ended,
    sameWeights: outcome.weightsSha256 === straight.weightsSha256,
    sameOrder: outcome.orderHash === straight.orderHash,
    ...(strike.wokenAt && { asleepSeconds: seconds(strike.wokenAt - strike.at) }),
  };
}

/**
 * Where all trainers write into one folder, whatever the struck host writes there after a trainer of
 * another host is ready is what the next attempt finds and what the user gets: checkpoints and the
 * model itself. Trainers that the old host starts again after it woke are zombies too.
 */
export function writesOfZombies(processes, { at, parent }) {
  const newer = processes.find((each) => each.at > at && each.parent !== parent);
  const begun = newer?.events.find(({ type }) => type === 'ready')?.at ?? Infinity;
  return processes
    .filter((each) => each.parent === parent)
    .flatMap(({ events }) => events)
    .filter((event) => event.at > begun && ['checkpoint-ready', 'result'].includes(event.type))
    .length;
}
