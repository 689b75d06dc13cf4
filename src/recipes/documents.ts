import type { Plan } from '../contracts/plan.js';
import type { z } from 'zod';

type ParsedPlan = z.output<typeof Plan>;

/** What `convert` makes of s1K; tokens are prompt + response + first EOS. */
export interface Documents {
  readonly rows: number;
  readonly tokensEach: number;
}

const S1K_ROWS = 1000;
/** Counted on the 58 rows of s1K that come with traces (docs/LOG.md), taken for all 1000. */
const COUNTED = [
  { view: 'attempt', overLong: 'drop', maxLength: 2048, under: 64, kept: 53 / 58, each: 804 },
  { view: 'trace', overLong: 'drop', maxLength: 4096, under: 64, kept: 18 / 58, each: 2226 },
  { view: 'trace', overLong: 'cut_right', maxLength: 4096, under: 0, kept: 1, each: 3516 },
] as const;

/** Rows left to train on and their mean length; null for data that nobody has counted. */
export function documentsOf(data: ParsedPlan['data']): Documents | null {
  const found = COUNTED.find(
    (row) =>
      row.view === data.view &&
      row.overLong === data.overLong &&
      row.maxLength === data.maxLength &&
      row.under === data.dropUnderTokens,
  );
  if (found === undefined || !isS1k(data.source)) return null;
  const rows = Math.round(S1K_ROWS * found.kept) - data.heldOutRows;
  return { rows, tokensEach: found.each };
}

function isS1k(source: ParsedPlan['data']['source']): boolean {
  return source.kind === 'hub' && source.repo === 'simplescaling/s1K';
}
