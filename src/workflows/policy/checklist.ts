import { CHECKLIST, type ChecklistItem } from '../../contracts/checklist.js';
import type { PlanState } from '../../contracts/state.js';

/** Ticks every item that this event ticks; what is ticked keeps its first time. */
export function tick(state: PlanState, by: ChecklistItem['tickedBy'], at: string): PlanState {
  const due = CHECKLIST.filter(
    (item) => item.tickedBy === by && state.ticked[item.id] === undefined,
  );
  if (due.length === 0) return state;
  const ticked = { ...state.ticked };
  for (const { id } of due) ticked[id] = at;
  return { ...state, ticked };
}

/** Why a person may not tick this item, in one line; null when they may. */
export function tickRefusal(state: PlanState, item: string | undefined): string | null {
  const persons = CHECKLIST.filter(({ tickedBy }) => tickedBy === 'person').map(({ id }) => id);
  if (item === undefined) return `say which item: ${persons.join(', ')}`;
  const known = CHECKLIST.find(({ id }) => id === item);
  if (known === undefined) return `no item is called ${item}; a person ticks ${persons.join(', ')}`;
  if (known.tickedBy !== 'person')
    return `${item} is ticked by the plan itself (${known.tickedBy})`;
  if (state.ticked[item] !== undefined) return `${item} was ticked at ${state.ticked[item]}`;
  return null;
}

/**
 * Day 1 to 5 of an instant: the time from start to deadline in five equal parts, so that a plan of
 * five days counts real days and a short one still ticks all five.
 */
export function dayOf(state: PlanState, at: string): 1 | 2 | 3 | 4 | 5 {
  const start = Date.parse(state.startedAt);
  const length = (Date.parse(state.deadlineAt) - start) / 5;
  const day = Math.floor((Date.parse(at) - start) / length) + 1;
  return Math.min(5, Math.max(1, day)) as 1 | 2 | 3 | 4 | 5;
}
