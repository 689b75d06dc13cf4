/** What the workflow bundle registers: every export of this file is a workflow. */
export { askModel } from './ask-model.js';
export { fiveDayPlan } from './five-day-plan.js';
