import { type ComparisonCase, pickCases } from '../comparison-cases.js';
import { type CaseBlock, type CaseSide, text } from '../content/blocks.js';
import { denoisingOf } from '../content/denoising.js';
import type { AnswerRecord, ReportData } from '../report-data.js';
import type { SampleTrace } from '../../contracts/trace.js';
import type { Translate } from '../texts.js';
import type { Section } from './section.js';

export const casesSection: Section = (data, t) => {
  const cases = caseBlocks(data, t);
  const unknown = unknownPicks(data).map((pick) => text(t('unknownPick', { pick }), 'note'));
  if (cases.length === 0) return [text(t('noCases')), ...unknown];
  const rule = t(data.picks.length > 0 ? 'casesByHand' : 'casesRule');
  const why =
    data.notTraced === null ? [] : [text(t('notTraced', { why: data.notTraced }), 'note')];
  return [text(rule, 'soft'), ...unknown, ...why, ...cases];
};

/** Picked before the evaluation, when nobody could know that it would not be asked. */
const unknownPicks = ({ picks, after }: ReportData): string[] =>
  picks
    .filter(({ suite, id }) => !after.some((one) => one.suite === suite && one.id === id))
    .map(({ suite, id }) => `${suite}:${id}`);

export const caseBlocks = (data: ReportData, t: Translate): CaseBlock[] =>
  pickCases(data.before, data.after, data.picks).map((one) => caseBlock(one, data, t));

function caseBlock(one: ComparisonCase, { traces }: ReportData, t: Translate): CaseBlock {
  const { verdict, before, after } = one;
  return {
    kind: 'case',
    verdict,
    tag: t(verdict),
    name: `${before.suite}:${before.id}`,
    question: before.question,
    expected: before.gold,
    comment: one.comment ?? null,
    sides: [
      sideOf(t('before'), before, traces.before, t),
      sideOf(t('after'), after, traces.after, t),
    ],
  };
}

function sideOf(
  title: string,
  answer: AnswerRecord,
  traces: readonly SampleTrace[],
  t: Translate,
): CaseSide {
  const trace = traceOf(answer, traces);
  const same = trace?.answer.trim() === answer.answer.trim();
  return {
    title,
    correct: answer.correct,
    answer: answer.answer.trim() || '∅',
    readAs: answer.extracted ?? t('notRead'),
    denoising: trace ? denoisingOf(trace, t, t(same ? 'denoising' : 'denoisingOther')) : null,
  };
}

/**
 * How this very answer formed; else what the plan decoded once more of this question, which a reader
 * is told is another answer. What a person decoded under other settings is neither.
 */
function traceOf(
  { suite, id, question, answer }: AnswerRecord,
  traces: readonly SampleTrace[],
): SampleTrace | undefined {
  const same = (one: SampleTrace): boolean =>
    one.question === question && one.answer.trim() === answer.trim();
  return traces.find(same) ?? traces.find((one) => one.suite === suite && one.id === id);
}
