import { yuan } from '../../contracts/money.js';
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
  return [{ kind: 'tiles', tiles }];
};
