import { yuan } from '../../contracts/money.js';
import { text } from '../content/blocks.js';
import { duration, percent, scoresOf, type Section } from './section.js';

/** The numbers that a reader looks for first. */
export const overview: Section = (data, t) => {
  const { state } = data;
  const before = scoresOf(data, 'eval-before');
  const tiles: [string, string][] = Object.entries(scoresOf(data, 'eval-after')).map(
    ([suite, after]) => {
      const was = before[suite];
      return [suite, `${was ? `${percent(was.score)} → ` : ''}${percent(after.score)}`];
    },
  );
  if (data.trained) {
    tiles.push([t('steps'), data.trained.steps.toLocaleString('en-US')]);
    tiles.push([t('finalLoss'), data.trained.finalLoss?.toFixed(4) ?? '–']);
  }
  const seconds = state.stages.reduce((sum, stage) => sum + stage.seconds, 0);
  tiles.push(
    [t('interruptionCount'), String(data.postMortems.length)],
    [t('stagesTook'), duration(seconds, t)],
    [t('spent'), yuan(state.spentFen)],
  );
  return [{ kind: 'tiles', tiles }, ...takenOver(data, t)];
};

/** What another plan has done cost this one nothing; a reader would take its zeros for a result. */
export const takenOver: Section = ({ plan, state, results }, t) => {
  const byPlan = new Map<string, string[]>();
  for (const { name } of state.stages) {
    const by = results[name]?.planId ?? plan.id;
    if (by !== plan.id) byPlan.set(by, [...(byPlan.get(by) ?? []), name]);
  }
  return [...byPlan].map(([by, stages]) =>
    text(t('takenOver', { plan: by, stages: stages.join(', ') }), 'soft'),
  );
};
