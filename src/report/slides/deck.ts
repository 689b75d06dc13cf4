import { roundDuration } from '../../contracts/duration.js';
import { yuan } from '../../contracts/money.js';
import type { Block, CaseBlock, Content, Denoising, SectionContent } from '../content/blocks.js';
import { contentOf } from '../content/content-of.js';
import { text } from '../content/blocks.js';
import type { ReportData } from '../report-data.js';
import { caseBlocks } from '../sections/cases.js';
import { anchorOpening } from '../sections/compared-details.js';
import { adviceSentences, diagnosisSentences, differenceTable } from '../sections/compared.js';
import { limitSentences, nextSteps } from '../sections/limits.js';
import { takenOver } from '../sections/overview.js';
import { type Translate, translator } from '../texts.js';

export type SlideBlock = Block | ColumnsBlock | FramesBlock;

export interface ColumnsBlock {
  readonly kind: 'columns';
  readonly columns: readonly (readonly SlideBlock[])[];
}

/** How an answer formed, at three of its steps. */
export interface FramesBlock {
  readonly kind: 'frames';
  readonly title: string;
  readonly denoising: Denoising;
  readonly legend: string;
}

export interface Slide {
  readonly id: string;
  readonly title: string;
  readonly blocks: readonly SlideBlock[];
}

/** The last day's talk, in its order; what did not happen has no slide, or says so. */
export function deckOf(data: ReportData, language = data.plan.language): Slide[] {
  const t = translator(language);
  const content = contentOf(data, language);
  const section = (id: string): readonly Block[] =>
    content.sections.find((one: SectionContent) => one.id === id)?.blocks ?? [];
  const cases = caseBlocks(data, t);
  const slide = (id: Parameters<Translate>[0], blocks: readonly SlideBlock[]): Slide => ({
    id,
    title: t(id),
    blocks,
  });
  return [
    goal(data, content, t),
    slide('method', [
      list(t, 'methodTrain', 'methodSample', 'methodShift', 'methodExact'),
      ...cases.flatMap((one) => framesOf(one, t)).slice(0, 1),
    ]),
    slide('data', of(section('data'), 'table', 'figures')),
    training(data, section('training'), language, t),
    slide('interruptions', [...section('interruptions'), ...drill(data, t)]),
    slide('results', [...anchorOpening(data.comparison, t), ...resultBlocks(section('summary'))]),
    slide('differences', differences(data, t)),
    slide('bySubject', section('bySubject')),
    ...cases.map((one, i) => caseSlide(one, i, data, t)),
    slide('strategies', of(section('strategies'), 'figures', 'table')),
    slide('ledger', section('ledger')),
    slide('difficulties', section('difficulties')),
    limits(data, t),
    slide('criteria', of(section('criteria'), 'table')),
  ].filter(({ blocks }) => blocks.length > 0);
}

/** As people call it: the repository, or what a path or an address ends with. */
function nameOf(base: ReportData['plan']['base']): string {
  if (base.kind === 'hub') return base.repo;
  const place = base.kind === 'file' ? base.path : base.kind === 'url' ? base.url : base.kind;
  return place.split(/[\\/]/).findLast((part) => part !== '') ?? place;
}

const of = (blocks: readonly Block[], ...kinds: Block['kind'][]): Block[] =>
  kinds.flatMap((kind) => blocks.filter((block) => block.kind === kind));

const list = (t: Translate, ...keys: Parameters<Translate>[0][]): Block => ({
  kind: 'list',
  items: keys.map((key) => t(key)),
});

function goal(data: ReportData, content: Content, t: Translate): Slide {
  const { base, deadlineSeconds } = data.plan;
  const convert = data.results.convert?.metrics;
  const rows = convert?.kind === 'convert' ? convert.convert.rowsKept : '–';
  const goalText = t('goalText', {
    base: nameOf(base),
    rows,
    days: roundDuration(deadlineSeconds, t.language),
    cap: yuan(data.state.capFen),
  });
  const tiles = content.opening.filter(({ kind }) => kind === 'tiles');
  const subtitle = text(content.subtitle, 'soft');
  return {
    id: 'goal',
    title: content.title,
    blocks: [
      subtitle,
      text(goalText),
      ...tiles,
      ...takenOver(data, t),
      text(t('goalCriteria'), 'soft'),
    ],
  };
}

function training(
  { reasons, plan }: ReportData,
  blocks: readonly Block[],
  language: Content['language'],
  t: Translate,
): Slide {
  const figures = of(blocks, 'figures').flatMap((block) =>
    block.kind === 'figures' ? block.figures.slice(0, 2) : [],
  );
  const { learningRate, steps, epochs, documentsPerStep, method } = plan.training;
  const chosen: [string, string][] = [
    ['learningRate', String(learningRate)],
    ['steps / epochs', `${steps ?? '–'} / ${epochs ?? '–'}`],
    ['documentsPerStep', String(documentsPerStep)],
    ['method', method],
  ];
  const because = reasons.map((one) => [
    one.path.replace(/^training\./, ''),
    one.value,
    one[language],
  ]);
  const header = [t('parameter'), t('value')];
  const table: Block =
    because.length > 0
      ? { kind: 'table', look: '', header: [...header, t('reason')], rows: because }
      : { kind: 'table', look: '', header, rows: chosen };
  const curves: Block[] = figures.length > 0 ? [{ kind: 'figures', figures }] : of(blocks, 'text');
  return { id: 'training', title: t('training'), blocks: [...curves, table] };
}

/** A drill is an interruption that somebody made; it never passes for one that was survived. */
function drill({ postMortems, notes }: ReportData, t: Translate): Block[] {
  const drills = notes
    .filter((note) => note.drill)
    .map((note) => `${t('drill')}${t('colon')}${note.text}`);
  if (drills.length > 0) return [{ kind: 'list', items: drills }];
  return postMortems.length > 0 ? [] : [text(t('drillInstead'), 'soft')];
}

const resultBlocks = (blocks: readonly Block[]): Block[] =>
  blocks.filter(
    (block) =>
      block.kind === 'figures' ||
      (block.kind === 'text' && block.tone !== 'soft' && block.tone !== 'head'),
  );

function differences({ comparison }: ReportData, t: Translate): SlideBlock[] {
  if (!comparison) return [];
  const seen = diagnosisSentences(comparison.suites, t);
  const advice = adviceSentences(comparison.suites, t);
  const column = (key: 'diagnosed' | 'advised', items: readonly string[]): Block[] => [
    text(t(key), 'head'),
    { kind: 'list', items: items.length > 0 ? items : [t('none')] },
  ];
  const columns = [column('diagnosed', seen), column('advised', advice)];
  return [differenceTable(comparison, t), { kind: 'columns', columns }];
}

function caseSlide(one: CaseBlock, i: number, { plan, picks }: ReportData, t: Translate): Slide {
  const columns = one.sides.map(({ title, correct, answer, readAs }): SlideBlock[] => [
    text(`${title} ${correct ? '√' : '×'}  ${t('readAs')}${t('colon')}${readAs}`, 'head'),
    text(answer, 'code'),
  ]);
  const frames = framesOf(one, t);
  return {
    id: `case-${i + 1}`,
    title: t('caseOf', { n: i + 1, verdict: one.tag }),
    blocks: [
      text(one.question, 'code'),
      text(`${one.name} · ${t('expected')}${t('colon')}${one.expected}`, 'head'),
      ...(picks.length > 0 ? [text(t('casesByHand'), 'soft')] : []),
      ...(one.comment === null ? [] : [text(one.comment, 'note')]),
      { kind: 'columns', columns },
      ...(frames.length > 0 ? frames : [text(t('noDenoising', { id: plan.id }), 'soft')]),
    ],
  };
}

/** Of the answer after, else of the one before. */
function framesOf({ sides }: CaseBlock, t: Translate): FramesBlock[] {
  const formed = sides.findLast((side) => side.denoising !== null);
  if (!formed?.denoising) return [];
  const title = `${formed.title}${t('colon')}${formed.denoising.caption}`;
  return [{ kind: 'frames', title, denoising: formed.denoising, legend: t('slideLegend') }];
}

function limits(data: ReportData, t: Translate): Slide {
  const columns = [
    [text(t('limits'), 'head'), { kind: 'list', items: limitSentences(data, t) }],
    [text(t('nextSteps'), 'head'), { kind: 'list', items: nextSteps(data, t) }],
  ] as SlideBlock[][];
  const any = limitSentences(data, t).length > 0;
  const blocks: SlideBlock[] = any ? [{ kind: 'columns', columns }] : [];
  return { id: 'limitsAndNext', title: t('limitsAndNext'), blocks };
}
