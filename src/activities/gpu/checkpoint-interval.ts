import type { AutoInterval, ChosenInterval, IntervalRule } from '../../contracts/interval.js';

/** Null where nothing was measured yet. */
export interface MeasuredCost {
  /** What one checkpoint takes from training: the stall, and what it slows beside it. */
  readonly costSeconds: number | null;
  readonly saveSeconds: number | null;
  readonly publishSeconds: number | null;
}

export interface Interruptions {
  readonly everySeconds: number;
  readonly seen: number;
  /** Last attempts in a row that were lost before they had published anything. */
  readonly lostInVain: number;
}

export interface IntervalSituation {
  readonly auto: AutoInterval;
  readonly cost: MeasuredCost;
  readonly interruptions: Interruptions;
  /** From the last sign of life of a host to the knowledge that it is lost. */
  readonly detectionSeconds: number;
}

/** The first of a training comes after this long: it shows what one costs. */
const UNMEASURED_SECONDS = 60;
const HALVINGS = 10;

/**
 * Seconds of training between two checkpoints that lose the least time in all, of which one costs
 * `cost` and interruptions come every `mean` seconds on average, without memory:
 * T = √(2 C M) (J. W. Young, CACM 17(9), 1974), and of second order
 * T = √(2 C M) · [1 + ⅓ √(C / 2M) + ⅑ (C / 2M)] − C, or M where C ≥ 2M
 * (J. T. Daly, FGCS 22(3), 2006), which tends to Young's as C becomes small against M. What
 * it takes to notice a loss and to start again is lost at every interruption and moves nothing here.
 */
export function dalySeconds(cost: number, mean: number): number {
  if (cost >= 2 * mean) return mean;
  const share = cost / (2 * mean);
  return Math.sqrt(2 * cost * mean) * (1 + Math.sqrt(share) / 3 + share / 9) - cost;
}

/**
 * The interval, and which rule decided. None is shorter than its checkpoint takes until it is
 * published, whatever else is asked for: it would only be overtaken while it waits. Nor shorter than
 * a loss takes to be noticed, of which a shorter one saves but a part.
 */
export function chooseInterval(situation: IntervalSituation): ChosenInterval {
  const { auto, cost, interruptions, detectionSeconds } = situation;
  const { costSeconds, saveSeconds, publishSeconds } = cost;
  let [seconds, rule] = wanted(costSeconds, interruptions);
  const atMost = (bound: number, by: IntervalRule): void => {
    if (seconds > bound) [seconds, rule] = [bound, by];
  };
  const atLeast = (bound: number, by: IntervalRule): void => {
    if (seconds < bound) [seconds, rule] = [bound, by];
  };
  atLeast(detectionSeconds, 'detection');
  atMost(auto.atMostSeconds, 'at-most');
  atLeast(auto.atLeastSeconds, 'at-least');
  atLeast((saveSeconds ?? 0) + (publishSeconds ?? 0), 'publishing');
  return {
    ...{ seconds, rule, costSeconds, saveSeconds, publishSeconds },
    interruptionEverySeconds: interruptions.everySeconds,
    interruptionsSeen: interruptions.seen,
    lostInVain: interruptions.lostInVain,
  };
}

/** A host that was lost with all it had done says that the one before was too long for these hosts. */
function wanted(cost: number | null, { everySeconds, lostInVain }: Interruptions) {
  const best = cost === null ? UNMEASURED_SECONDS : dalySeconds(cost, everySeconds);
  const rule = cost === null ? 'unmeasured' : 'young-daly';
  if (lostInVain === 0) return [best, rule] as [number, IntervalRule];
  const halved = best / 2 ** Math.min(lostInVain, HALVINGS);
  return [halved, 'lost-in-vain'] as [number, IntervalRule];
}
