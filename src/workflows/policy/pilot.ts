import type { StageResult } from '../../contracts/outcome.js';
import type { Pilot, PilotCandidate, PilotConfig, PilotTrial } from '../../contracts/pilot.js';
import type { ResolvedPlan } from '../../contracts/plan.js';
import type { Quote } from '../../contracts/quote.js';
import type { StageName } from '../../contracts/stages.js';
import { chooseCandidate } from './choose-candidate.js';

/** The plan with a candidate's values in place of its own: what full-train takes from a winner. */
export function withCandidate(plan: ResolvedPlan, one: PilotCandidate): ResolvedPlan {
  const { learningRate = plan.training.learningRate, view = plan.data.view } = one;
  return { ...plan, training: { ...plan.training, learningRate }, data: { ...plan.data, view } };
}

/** The same, as short as a pilot is, and scored on the pilot's questions alone. */
export function trialPlan(
  plan: ResolvedPlan,
  pilot: PilotConfig,
  one: PilotCandidate,
): ResolvedPlan {
  const { training, evaluation, ...rest } = withCandidate(plan, one);
  const { steps: _whole, ...values } = training;
  return {
    ...rest,
    training: { ...values, epochs: pilot.epochs },
    evaluation: { ...evaluation, suites: [pilot.suite] },
  };
}

/** A candidate's line of the table; a message in place of a score says why it has none. */
export function trialOf(
  plan: ResolvedPlan,
  one: PilotCandidate,
  outcome: StageResult | string,
): PilotTrial {
  const { training, data } = withCandidate(plan, one);
  const { learningRate } = training;
  const known = { name: one.name, learningRate, view: data.view };
  if (typeof outcome === 'string') return { ...known, score: null, message: outcome };
  const { metrics } = outcome;
  const suite = metrics.kind === 'evaluate' ? Object.values(metrics.evaluate.suites)[0] : undefined;
  if (suite === undefined) return { ...known, score: null, message: 'its evaluation has no score' };
  const { correct, n, score: share, interval } = suite;
  return { ...known, score: { correct, n, share, interval }, message: null };
}

/**
 * The candidate with most right answers, of equal ones the first in the plan. A candidate whose
 * training failed has lost; one that money left no room for has not been compared. With fewer than
 * two compared, or none scored, nothing is chosen and the plan's own values stand.
 */
export function decide(
  trials: readonly PilotTrial[],
  compared: number,
): Pick<Pilot, 'chosen' | 'clear'> {
  const scores = trials.map(({ name, score }) => ({
    name,
    correct: score?.correct ?? null,
    n: score?.n ?? 0,
  }));
  const choice = compared < 2 ? null : chooseCandidate(scores);
  return { chosen: choice?.winner.name ?? null, clear: choice?.clear ?? false };
}

/** What a stage may spend: a pilot not what the training that it is for needs. */
export const moneyFor = (
  stage: StageName,
  plan: ResolvedPlan,
  offered: Quote | null,
): ResolvedPlan['money'] => (stage === 'pilot' ? pilotMoney(plan, offered) : plan.money);

export function pilotMoney(plan: ResolvedPlan, offered: Quote | null): ResolvedPlan['money'] {
  const training = ((offered?.trainSeconds ?? 0) * plan.hosts.pricePerHourFen) / 3600;
  return { ...plan.money, reserveFen: plan.money.reserveFen + Math.ceil(training) };
}
