import { type ComparisonCase, pickCases } from '../comparison-cases.js';
import { escapeHtml } from '../escape.js';
import type { AnswerRecord } from '../report-data.js';
import type { Translate } from '../texts.js';
import type { Section } from './section.js';

export const casesSection: Section = (data, t) => {
  const cases = pickCases(data.before, data.after);
  if (cases.length === 0) return `<p>${t('noCases')}</p>`;
  return `<p class="soft">${t('casesRule')}</p>${cases.map((one) => caseHtml(one, t)).join('')}`;
};

function caseHtml({ verdict, before, after }: ComparisonCase, t: Translate): string {
  return (
    `<div class="case"><h3><span class="tag ${verdict}">${t(verdict)}</span> ${escapeHtml(before.suite)}</h3>` +
    `<p class="name">${t('question')}</p><pre>${escapeHtml(before.question)}</pre>` +
    `<p class="soft">${t('expected')}${t('colon')}<b>${escapeHtml(before.gold)}</b></p>` +
    `<div class="pair">${answerHtml(t('before'), before, t)}${answerHtml(t('after'), after, t)}</div></div>`
  );
}

function answerHtml(title: string, answer: AnswerRecord, t: Translate): string {
  const mark = answer.correct ? '<span class="right">✓</span>' : '<span class="wrong">✗</span>';
  const read = answer.extracted === null ? t('notRead') : escapeHtml(answer.extracted);
  return (
    `<div><p class="name">${title} ${mark}</p><pre>${escapeHtml(answer.answer.trim() || '∅')}</pre>` +
    `<p class="soft">${t('readAs')}${t('colon')}${read}</p></div>`
  );
}
