import { decisionSentence, type Pilot } from '../contracts/pilot.js';
import { percent } from './output.js';

/** A line for each candidate that has been tried, and what follows once all have been. */
export function pilotLines(pilot: Pilot, zh = false): string[] {
  const lines = pilot.trials.map((one) => {
    const { name, learningRate, view } = one;
    return zh
      ? `${name}（学习率 ${learningRate}，view ${view}）：${resultOf(one, zh)}`
      : `${name} (learning rate ${learningRate}, view ${view}): ${resultOf(one, zh)}`;
  });
  return pilot.ended ? [...lines, decisionSentence(pilot, zh)] : lines;
}

function resultOf({ score, message }: Pilot['trials'][number], zh: boolean): string {
  if (score === null) return message ?? (zh ? '没有得分' : 'no score');
  const [from, to] = score.interval;
  const share = percent(score.share);
  if (zh) return `${score.n} 题对 ${share}（95 %：${percent(from)} 至 ${percent(to)}）`;
  return `${share} of ${score.n} (95 %: ${percent(from)} to ${percent(to)})`;
}
