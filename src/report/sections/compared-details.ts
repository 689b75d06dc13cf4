import type { Comparison, SuiteComparison } from '../../contracts/comparison.js';
import { type Block, table, text } from '../content/blocks.js';
import type { ReportData } from '../report-data.js';
import type { TextKey, Translate } from '../texts.js';
import { shareOf } from './compared.js';
import { pEquals, percent, points, range, type Section } from './section.js';

/** So many ids are read at a glance; a fold holds them all. */
const AT_A_GLANCE = 20;
/** Of an answer that cannot be read, characters that show why. */
const SAID = 120;

function ids(one: SuiteComparison, which: 'won' | 'lost', title: TextKey, t: Translate): Block[] {
  const all = one.lists[which];
  const heading = t(title, { suite: one.suite, n: all.length });
  if (all.length === 0) return [text(`${heading}${t('colon')}${t('none')}`)];
  if (all.length > AT_A_GLANCE) return [{ kind: 'fold', title: heading, text: all.join('\n') }];
  return [text(`${heading}${t('colon')}${all.join(', ')}`)];
}

export const winsSection: Section = (data, t) =>
  (data.comparison?.suites ?? []).flatMap((one) => [
    ...ids(one, 'won', 'wonIds', t),
    ...ids(one, 'lost', 'lostIds', t),
    text(
      `${t('both')}${t('colon')}${one.lists.both.length} · ${t('neither')}${t('colon')}${one.lists.neither.length}`,
      'soft',
    ),
    ...unreadableOf(one, 'before', data, t),
    ...unreadableOf(one, 'after', data, t),
    ...flipsOf(one, t),
  ]);

/** Counted as wrong: whether that is fair, a reader judges by what they say. */
function unreadableOf(
  one: SuiteComparison,
  when: 'before' | 'after',
  data: ReportData,
  t: Translate,
): Block[] {
  const ids = one[when].unreadableIds;
  if (ids.length === 0) return [];
  const said = new Map(
    data[when].filter(({ suite }) => suite === one.suite).map(({ id, answer }) => [id, answer]),
  );
  const lines = ids.map((id) => `${id}${t('colon')}${beginningOf(said.get(id) ?? '')}`);
  const title = t('unreadableList', { suite: one.suite, when: t(when), n: ids.length });
  return [{ kind: 'fold', title, text: lines.join('\n') }];
}

const beginningOf = (answer: string): string => {
  const line = answer.replace(/\s+/g, ' ').trim();
  return line.length > SAID ? `${line.slice(0, SAID)}…` : line;
};

function flipsOf({ suite, flips }: SuiteComparison, t: Translate): Block[] {
  if (flips === null) return [];
  const values = { suite, n: flips.n, graded: percent(flips.graded), text: percent(flips.text) };
  return [text(t('flips', values), 'soft')];
}

export const subjectsSection: Section = ({ comparison }, t) =>
  (comparison?.suites ?? []).flatMap(({ suite, subjects }) => {
    if (subjects.length === 0) return [];
    const header = ['subject', 'questions', 'before', 'after', 'difference', 'subjectInterval'];
    const rows = subjects.map((one) => [
      one.subject,
      one.n,
      shareOf(one.before, one.n),
      shareOf(one.after, one.n),
      points(one.difference),
      range(one.interval, points),
    ]);
    const titles = (header as TextKey[]).map((key) => t(key));
    return [text(t('subjects', { suite }), 'head'), table(titles, rows)];
  });

export const contaminationSection: Section = ({ comparison }, t) =>
  (comparison?.suites ?? []).flatMap((one) => contaminationOf(one, t));

function contaminationOf({ suite, contamination }: SuiteComparison, t: Translate): Block[] {
  if (contamination === null) return [];
  const { questions, clean } = contamination;
  const count = questions.length;
  if (count === 0) return [text(t('contaminatedNone', { suite }))];
  const list = questions.map(({ id, rows, rule }) =>
    t('contaminatedRow', { id, rows: rows.join(', '), rule: t(rule) }),
  );
  const fold: Block = {
    kind: 'fold',
    title: t('contaminatedList', { suite }),
    text: list.join('\n'),
  };
  if (clean === null) return [text(t('contaminatedAll', { suite, count }), 'note'), fold];
  const [from, to] = clean.interval.map(points) as [string, string];
  const values = {
    suite,
    count,
    n: clean.n,
    before: percent(clean.before),
    after: percent(clean.after),
    difference: points(clean.difference),
    from,
    to,
    p: pEquals(clean.p),
  };
  return [text(t('contaminatedSentence', values)), fold];
}

export const canvasSection: Section = ({ comparison }, t) => {
  const check = comparison?.canvasCheck ?? null;
  if (check === null) return [];
  const header = ['canvas', 'questions', 'score', 'empty', 'truncated', 'meanTokens'] as const;
  const rows = check.canvases.map((one) => [
    one.maxNewTokens,
    one.n,
    percent(one.score),
    one.empty,
    one.truncated,
    one.meanAnswerTokens.toFixed(0),
  ]);
  const key = check.overflow ? 'overflowSentence' : 'noOverflowSentence';
  const titles = header.map((title) => t(title));
  return [text(t(key, { p: pEquals(check.pEmpty) })), table(titles, rows)];
};

/** Before everything else where the harness is not the published one. */
export function anchorOpening(comparison: Comparison | null, t: Translate): Block[] {
  const anchor = comparison?.anchor;
  return anchor && !anchor.holds ? [text(anchorSentence(anchor, 'anchorFails', t), 'alarm')] : [];
}

export function anchorSentence(
  anchor: NonNullable<Comparison['anchor']>,
  key: 'anchorFails' | 'anchorHolds',
  t: Translate,
): string {
  const [published, ours] = [percent(anchor.published), percent(anchor.default)];
  return t(key, { published, default: ours, n: anchor.n });
}
