import { decisionSentence, type Pilot } from '../contracts/pilot.js';
import { percent } from './output.js';

/** A line for each candidate that has been tried, and what follows once all have been. */
export function pilotLines(pilot: Pilot): string[] {
  const lines = pilot.trials.map(
    (one) => `${one.name} (learning rate ${one.learningRate}, view ${one.view}): ${resultOf(one)}`,
  );
  return pilot.ended ? [...lines, decisionSentence(pilot, false)] : lines;
}

function resultOf({ score, message }: Pilot['trials'][number]): string {
  if (score === null) return message ?? 'no score';
  const [from, to] = score.interval;
  return `${percent(score.share)} of ${score.n} (95 %: ${percent(from)} to ${percent(to)})`;
}
