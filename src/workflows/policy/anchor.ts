import { type Anchored, anchoredOf } from '../../contracts/anchor.js';
import type { StageResult } from '../../contracts/outcome.js';
import { ANCHOR_DEFAULT, ANCHOR_PUBLISHED } from './askings.js';

type Asked = Readonly<Record<string, Pick<StageResult, 'metrics'>>>;

/** What the anchor's two askings say together; null where the plan has none. */
export function anchorOf(asked: Asked): Anchored | null {
  const published = gsm8k(asked[ANCHOR_PUBLISHED]);
  const ours = gsm8k(asked[ANCHOR_DEFAULT]);
  return published && ours ? anchoredOf(published, ours) : null;
}

const gsm8k = (result: Asked[string] | undefined) =>
  result?.metrics.kind === 'evaluate' ? result.metrics.evaluate.suites['gsm8k'] : undefined;
