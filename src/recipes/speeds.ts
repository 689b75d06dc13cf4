import type { TrainingConfig } from '../contracts/training.js';
import { CARDS, type CardId, ratioOf, REFERENCE } from './cards.js';

export interface Speed {
  readonly tokensPerSecond: number;
  /** Whether this very way of training was measured on this very card. */
  readonly measured: boolean;
}

/** Document tokens/s on one H100 80GB by mean document length; random weights, 2026-11-24. */
interface Anchor {
  readonly length: number;
  readonly tokensPerSecond: number;
}
interface Measurement {
  readonly anchors: readonly [Anchor, ...Anchor[]];
  /** False where the measured way differs from ours in something that costs time. */
  readonly same: boolean;
}

const at = (length: number, tokensPerSecond: number): Anchor => ({ length, tokensPerSecond });
const MEASUREMENTS = {
  'lora bf16': { same: true, anchors: [at(744, 16_500), at(2048, 15_100), at(4096, 13_300)] },
  'lora fp8': { same: true, anchors: [at(744, 22_600), at(2048, 20_200), at(4096, 17_000)] },
  'lora bf16 recompute': { same: true, anchors: [at(2048, 11_711)] },
  'lora fp8 recompute': { same: true, anchors: [at(4096, 13_827)] },
  // Not measured: products are bf16's, what turning the base back into bf16 costs is left out.
  'lora int8 recompute': { same: false, anchors: [at(2048, 11_711)] },
  'lora int8': { same: false, anchors: [at(744, 16_500), at(2048, 15_100), at(4096, 13_300)] },
  'full kept': { same: true, anchors: [at(4096, 9_200)] },
  // Measured without the 16-bit remainder of the weights.
  'full fused': { same: false, anchors: [at(2048, 10_152)] },
} as const satisfies Record<string, Measurement>;
type Way = keyof typeof MEASUREMENTS;

/** Memory in which nothing has to be computed again (57.6 GiB measured at rows of 8192 tokens). */
const ROOMY_GB = 64;

/** How fast a card trains documents of this mean length; null for a way nobody has measured. */
export function speedOf(training: TrainingConfig, card: CardId, length: number): Speed | null {
  const way = wayOf(training, card);
  if (way === null) return null;
  const { anchors, same }: Measurement = MEASUREMENTS[way];
  return {
    tokensPerSecond: interpolate(anchors, length) * ratioOf(card),
    measured: same && card === REFERENCE,
  };
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
