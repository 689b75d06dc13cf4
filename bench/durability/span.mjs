/** Steps of a whole training, and between two checkpoints: with ten and more, steps are repeated. */
export const SPAN = { steps: 160, everySteps: 10 };
