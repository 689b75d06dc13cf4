import type { ProfileName } from '../../contracts/notice.js';
import type { ChainAttempt, ChainState } from '../../store/fold-chain.js';
import type { Interruptions } from './checkpoint-interval.js';

const HOUR = 3600;
/** Half of all spot hosts of its users live no longer, by the guide of Flyte's authors. */
const SPOT_HOURS = 2;
/** Assumed of a machine that nobody takes away: a cable, a full disk, a restart once a day. */
const OWN_HOURS = 24;
const OWN: ReadonlySet<ProfileName> = new Set(['none', 'autodl']);

/** Expected before anything was seen, by where the host stands. */
export const expectedSeconds = (profile: ProfileName): number =>
  HOUR * (OWN.has(profile) ? OWN_HOURS : SPOT_HOURS);

export interface Observation {
  readonly expectedSeconds: number;
  readonly detectionSeconds: number;
  /** Of the attempt that asks. */
  readonly token: number;
  readonly now: number;
}

/**
 * The mean time between interruptions that cost work: what was expected counts as one interruption
 * after that time (a Gamma prior of shape 1 over the rate), each seen in the journal as one more, and
 * the time that attempts were alive as time: (expected + alive) / (1 + seen).
 */
export function interruptionsOf(chain: ChainState, seen: Observation): Interruptions {
  const earlier = chain.attempts.filter(({ token }) => token < seen.token);
  const costly = earlier.filter((attempt) => costsWork(attempt, chain));
  const alive = chain.attempts.reduce((sum, _, i) => sum + aliveSeconds(chain, i, seen), 0);
  const everySeconds = (seen.expectedSeconds + alive) / (1 + costly.length);
  return { everySeconds, seen: costly.length, lostInVain: lostInVain(chain, seen) };
}

/**
 * Whether an attempt took unpublished work with it: lost or crashed, but not one whose trainer lived on
 * while only the link was cut, nor one that had the time to hand everything over.
 */
function costsWork({ token, ended }: ChainAttempt, { postMortems }: ChainState): boolean {
  const told = postMortems.find(({ lostToken }) => lostToken === token);
  if (ended?.how === 'crashed') return true;
  if (ended?.how === 'preempted') return (told?.stepsLost ?? 0) > 0;
  return ended === null && !(told?.kind === 'connection-lost' && told.stepsLost === 0);
}

function aliveSeconds(chain: ChainState, index: number, seen: Observation): number {
  const attempt = chain.attempts[index]!;
  return Math.max(0, (lastSign(chain, index, seen) - Date.parse(attempt.at)) / 1000);
}

function lastSign(chain: ChainState, index: number, seen: Observation): number {
  const { token, ended } = chain.attempts[index]!;
  if (token === seen.token) return seen.now;
  if (ended) return Date.parse(ended.at);
  const told = chain.postMortems.find(({ lostToken }) => lostToken === token);
  if (told) return Date.parse(told.lastSeenAt);
  const next = chain.attempts[index + 1];
  return next ? Date.parse(next.at) - seen.detectionSeconds * 1000 : seen.now;
}

/** Until this attempt publishes: then these hosts have shown that they last for one. */
function lostInVain(chain: ChainState, { token }: Observation): number {
  let lost = 0;
  for (const attempt of chain.attempts.toReversed()) {
    if (attempt.publishedSteps.length > 0) return lost;
    if (attempt.token >= token) continue;
    if (!costsWork(attempt, chain)) return lost;
    lost += 1;
  }
  return lost;
}
