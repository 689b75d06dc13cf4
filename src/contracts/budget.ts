import { z } from 'zod';

/** What an exit 69 is about, as the trainer tells it and the journal keeps it. */
export const OutOfResource = z.strictObject({
  resource: z.enum(['gpu-memory', 'host-memory', 'disk']),
  device: z.string().nullable().describe('GPU model that the budget is for, or cpu; null: none'),
  tokenBudget: z
    .int()
    .min(1)
    .nullable()
    .describe('tokens of a micro-batch to try next; null: no advice, or nothing smaller is left'),
  tokens: z.int().min(1).nullable().describe('of the micro-batch that did not fit'),
  documents: z.int().min(1).nullable().describe('of padded rows, to try next'),
});
export type OutOfResource = z.infer<typeof OutOfResource>;

/** What a micro-batch may hold on a device that ran out of memory before. */
export const MicroBatchBudget = z.strictObject({
  device: z.string().min(1).describe('GPU model, or cpu'),
  tokensPerMicroBatch: z.int().min(1).nullable().describe('of a packed row at most'),
  documentsPerMicroBatch: z.int().min(1).nullable().describe('of padded rows at most'),
});
export type MicroBatchBudget = z.infer<typeof MicroBatchBudget>;

/** One entry a device, in the order in which they were met. */
export function leastByDevice(budgets: readonly MicroBatchBudget[]): MicroBatchBudget[] {
  const byDevice = new Map<string, MicroBatchBudget>();
  for (const one of budgets) {
    const known = byDevice.get(one.device);
    byDevice.set(one.device, {
      device: one.device,
      tokensPerMicroBatch: least(known?.tokensPerMicroBatch, one.tokensPerMicroBatch),
      documentsPerMicroBatch: least(known?.documentsPerMicroBatch, one.documentsPerMicroBatch),
    });
  }
  return [...byDevice.values()];
}

function least(a: number | null | undefined, b: number | null): number | null {
  return a == null || b === null ? (a ?? b) : Math.min(a, b);
}
