import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

/**
 * SQLite visibility has room for 10 Keyword and 3 each of Int, Double and Datetime per namespace; an
 * unknown attribute blocks a workflow for ever, so `up`, `worker control` and `start` verify these.
 */
export const PlanStage = defineSearchAttributeKey('PlanStage', SearchAttributeType.KEYWORD);
export const PlanStatusKey = defineSearchAttributeKey('PlanStatus', SearchAttributeType.KEYWORD);
export const PlanGpuClass = defineSearchAttributeKey('PlanGpuClass', SearchAttributeType.KEYWORD);
export const PlanInterruptions = defineSearchAttributeKey(
  'PlanInterruptions',
  SearchAttributeType.INT,
);
export const PlanSpentFen = defineSearchAttributeKey('PlanSpentFen', SearchAttributeType.INT);
export const PlanDeadline = defineSearchAttributeKey('PlanDeadline', SearchAttributeType.DATETIME);

export const SEARCH_ATTRIBUTES = [
  PlanStage,
  PlanStatusKey,
  PlanGpuClass,
  PlanInterruptions,
  PlanSpentFen,
  PlanDeadline,
] as const;
