import type { CaseBlock, CaseSide, Denoising, Stay } from '../content/blocks.js';
import { escapeHtml } from '../escape.js';

export function caseHtml(block: CaseBlock, words: CaseWords): string {
  const comment = block.comment === null ? '' : `<p class="note">${escapeHtml(block.comment)}</p>`;
  return (
    `<div class="case"><h3><span class="tag ${block.verdict}">${escapeHtml(block.tag)}</span> ${escapeHtml(block.name)}</h3>${comment}` +
    `<p class="name">${words.question}</p><pre>${escapeHtml(block.question)}</pre>` +
    `<p class="soft">${words.expected}${words.colon}<b>${escapeHtml(block.expected)}</b></p>` +
    `<div class="pair">${block.sides.map((side) => sideHtml(side, words)).join('')}</div></div>`
  );
}

export interface CaseWords {
  readonly question: string;
  readonly expected: string;
  readonly readAs: string;
  readonly colon: string;
  /** With {step} and {steps}, which the page's script fills in. */
  readonly step: string;
}

function sideHtml(side: CaseSide, words: CaseWords): string {
  const mark = side.correct ? '<span class="right">✓</span>' : '<span class="wrong">✗</span>';
  const formed = side.denoising === null ? '' : denoisingHtml(side.denoising, words);
  return (
    `<div><p class="name">${escapeHtml(side.title)} ${mark}</p><pre>${escapeHtml(side.answer)}</pre>` +
    `<p class="soft">${words.readAs}${words.colon}${escapeHtml(side.readAs)}</p>${formed}</div>`
  );
}

/** Without scripts the last step stands there, whole. */
function denoisingHtml(denoising: Denoising, words: CaseWords): string {
  const last = denoising.steps - 1;
  const tokens = denoising.positions.map((all) => all.map((stay) => token(stay, last)).join(''));
  const name = escapeHtml(denoising.caption);
  return (
    `<div class="denoising" data-words="${escapeHtml(words.step)}"><p class="name">${name}</p>` +
    `<input type="range" min="-1" max="${last}" value="${last}" aria-label="${name}"><output class="soft"></output>` +
    `<pre>${tokens.join('')}</pre><p class="soft">${escapeHtml(denoising.legend)}</p></div>`
  );
}

function token({ from, to, text, level }: Stay, shown: number): string {
  const hidden = from <= shown && shown < to ? '' : ' hidden';
  const inside = text === null ? '▢' : escapeHtml(visible(text));
  return `<span class="sure${level}" data-from="${from}" data-to="${to}"${hidden}>${inside}</span>`;
}

/** A token of white space alone still has to be seen when it is underlined. */
const visible = (text: string): string => (text === '' ? '·' : text.replace(/\n/g, '⏎\n'));

/** The slider of every denoising; the page loads nothing from anywhere. */
export const SLIDER = `
for (const box of document.querySelectorAll('.denoising')) {
  const slider = box.querySelector('input');
  const show = () => {
    const step = Number(slider.value);
    for (const span of box.querySelectorAll('span'))
      span.hidden = !(Number(span.dataset.from) <= step && step < Number(span.dataset.to));
    box.querySelector('output').textContent = box.dataset.words
      .replace('{step}', step + 1).replace('{steps}', Number(slider.max) + 1);
  };
  slider.addEventListener('input', show);
  show();
}`;
