import type { TrainingConfig } from '../contracts/training.js';
import { CARDS, type CardId } from './cards.js';
import {
  type Anchor,
  type Derivation,
  DERIVATIONS,
  type Measurement,
  MEASUREMENTS,
  type Way,
} from './measurements.js';

export interface Speed {
  readonly tokensPerSecond: number;
  /** Whether this way was measured on this very card, at about this length. */
  readonly measured: boolean;
  /** What it is, or was reckoned from. */
  readonly from: Measurement;
  readonly derivation: Derivation | null;
}

/** A measured length says something of documents that differ by so much at most. */
const ABOUT = 0.1;
/** Memory in which nothing has to be computed again (66.5 GiB measured at rows of 12672 tokens). */
const ROOMY_GB = 64;

/** How fast a card trains documents of this mean length; null for a way nobody has measured. */
export function speedOf(training: TrainingConfig, card: CardId, length: number): Speed | null {
  const way = wayOf(training, card);
  if (way === null) return null;
  const derivation = DERIVATIONS[way] ?? null;
  const from = measurementFor(derivation?.from ?? way, card);
  if (from === undefined) return null;
  const ratio = CARDS[card].peak / CARDS[from.card].peak;
  const near = from.anchors.some((one) => Math.abs(one.length - length) <= ABOUT * one.length);
  return {
    tokensPerSecond: interpolate(from.anchors, length) * ratio * (derivation?.factor ?? 1),
    measured: derivation === null && from.card === card && near,
    from,
    derivation,
  };
}

/** On the card itself if there is one, else the first of the table. */
function measurementFor(way: Way, card: CardId): Measurement | undefined {
  const all = MEASUREMENTS.filter((one) => one.way === way);
  return all.find((one) => one.card === card) ?? all[0];
}

function wayOf(training: TrainingConfig, card: CardId): Way | null {
  if (training.method === 'full') {
    return training.fullMode === 'plain' ? null : `full ${training.fullMode}`;
  }
  if (training.basePrecision === 'fp32') return null;
  const base =
    training.basePrecision === 'fp8' && !CARDS[card].fp8 ? 'int8' : training.basePrecision;
  return recomputes(training, card) ? `lora ${base} recompute` : `lora ${base}`;
}

function recomputes(training: TrainingConfig, card: CardId): boolean {
  const share = training.activationCheckpointing;
  if (share === 'auto') return CARDS[card].memoryGb < ROOMY_GB;
  return share !== 'none' && share !== 0;
}

/** Linear between the measured lengths, the nearest one beyond them. */
function interpolate(anchors: readonly [Anchor, ...Anchor[]], length: number): number {
  let before = anchors[0];
  for (const after of anchors) {
    if (length <= after.length) {
      const span = after.length - before.length;
      const share = span === 0 ? 0 : Math.max(0, length - before.length) / span;
      return before.tokensPerSecond + share * (after.tokensPerSecond - before.tokensPerSecond);
    }
    before = after;
  }
  return before.tokensPerSecond;
}
