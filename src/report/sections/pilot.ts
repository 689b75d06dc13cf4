import { decisionSentence } from '../../contracts/pilot.js';
import { table, text } from '../content/blocks.js';
import { percent, type Section } from './section.js';

/** How full-train came by its values; the questions are none of the evaluation's. */
export const pilotSection: Section = ({ state }, t) => {
  const { pilot } = state;
  if (!pilot) return [];
  const header = ['candidate', 'learningRate', 'view', 'score', 'interval', 'questions'] as const;
  const rows = pilot.trials.map(({ name, learningRate, view, score, message }) => [
    name,
    String(learningRate),
    view,
    score ? percent(score.share) : (message ?? '–'),
    score ? `${percent(score.interval[0])} – ${percent(score.interval[1])}` : '–',
    score ? score.n : '–',
  ]);
  const sentence = pilot.ended ? decisionSentence(pilot, t.language === 'zh') : '';
  return [
    ...(sentence === '' ? [] : [text(sentence)]),
    text(pilot.suite, 'soft'),
    table(
      header.map((key) => t(key)),
      rows,
    ),
  ];
};
