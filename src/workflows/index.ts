/** What the workflow bundle registers: every export of this file is a workflow. */
export { fiveDayPlan } from './five-day-plan.js';
