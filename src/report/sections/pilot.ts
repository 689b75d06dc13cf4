import { decisionSentence } from '../../contracts/pilot.js';
import { escapeHtml } from '../escape.js';
import { htmlTable } from '../html-table.js';
import { percent, type Section } from './section.js';

/** How full-train came by its values; the questions are none of the evaluation's. */
export const pilotSection: Section = ({ state, plan }, t) => {
  const { pilot } = state;
  if (!pilot) return '';
  const header = ['candidate', 'learningRate', 'view', 'score', 'interval', 'questions'] as const;
  const rows = pilot.trials.map(({ name, learningRate, view, score, message }) => [
    name,
    String(learningRate),
    view,
    score ? percent(score.share) : (message ?? '–'),
    score ? `${percent(score.interval[0])} – ${percent(score.interval[1])}` : '–',
    score ? score.n : '–',
  ]);
  const table = htmlTable(header.map(t), rows);
  const sentence = pilot.ended ? decisionSentence(pilot, plan.language === 'zh') : '';
  const decided = sentence === '' ? '' : `<p>${escapeHtml(sentence)}</p>`;
  return `${decided}<p class="soft">${escapeHtml(pilot.suite)}</p>${table}`;
};
