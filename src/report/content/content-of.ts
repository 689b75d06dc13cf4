import {
  anchorOpening,
  canvasSection,
  contaminationSection,
  subjectsSection,
  winsSection,
} from '../sections/compared-details.js';
import { casesSection } from '../sections/cases.js';
import { differencesSection } from '../sections/compared.js';
import { criteriaSection } from '../sections/criteria.js';
import { dataSection } from '../sections/data.js';
import { difficultiesSection } from '../sections/difficulties.js';
import { environmentSection } from '../sections/environment.js';
import { configurationSection, moneySection } from '../sections/facts.js';
import { limitsSection, nextSection } from '../sections/limits.js';
import { overview } from '../sections/overview.js';
import { pilotSection } from '../sections/pilot.js';
import { resultSection } from '../sections/result.js';
import { minute, type Section } from '../sections/section.js';
import { strategiesSection } from '../sections/strategies.js';
import { interruptionsSection, timelineSection } from '../sections/timeline.js';
import { trainingSection } from '../sections/training.js';
import { type ReportData } from '../report-data.js';
import { type TextKey, translator } from '../texts.js';
import type { Content } from './blocks.js';

const SECTIONS: readonly (readonly [TextKey, Section])[] = [
  ['summary', resultSection],
  ['differences', differencesSection],
  ['winsAndLosses', winsSection],
  ['bySubject', subjectsSection],
  ['contamination', contaminationSection],
  ['canvasCheck', canvasSection],
  ['cases', casesSection],
  ['strategies', strategiesSection],
  ['limits', limitsSection],
  ['nextSteps', nextSection],
  ['pilot', pilotSection],
  ['training', trainingSection],
  ['timeline', timelineSection],
  ['interruptions', interruptionsSection],
  ['difficulties', difficultiesSection],
  ['data', dataSection],
  ['ledger', moneySection],
  ['environment', environmentSection],
  ['configuration', configurationSection],
  ['criteria', criteriaSection],
];

/** Everything that the report says, in the language of the plan or another. */
export function contentOf(data: ReportData, language = data.plan.language): Content {
  const t = translator(language);
  return {
    language,
    title: data.plan.title,
    subtitle: `${data.plan.id} · ${minute(data.state.startedAt)} UTC · dream-sft`,
    opening: [...anchorOpening(data.comparison, t), ...notCompared(data, t), ...overview(data, t)],
    sections: SECTIONS.map(([id, render]) => ({
      id,
      title: t(id),
      blocks: render(data, t),
    })).filter(({ blocks }) => blocks.length > 0),
  };
}

function notCompared(
  { results }: ReportData,
  t: ReturnType<typeof translator>,
): Content['opening'] {
  const metrics = results['eval-after']?.metrics;
  const why = metrics?.kind === 'evaluate' && 'notCompared' in metrics ? metrics.notCompared : null;
  return typeof why === 'string'
    ? [{ kind: 'text', tone: 'note', text: t('notCompared', { why }) }]
    : [];
}
