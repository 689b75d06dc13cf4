import type { Block, Content, TextBlock, TilesBlock } from '../content/blocks.js';
import { escapeHtml } from '../escape.js';
import { htmlTable } from '../html-table.js';
import { STYLES } from '../styles.js';
import { translator } from '../texts.js';
import { caseHtml, SLIDER } from './case.js';
import { figuresHtml } from './charts.js';

/** The whole page, which opens from a disk without any network. */
export function renderHtml(content: Content): string {
  const { language, title } = content;
  const sections = content.sections.map(
    (section) =>
      `<section id="${section.id}"><h2>${escapeHtml(section.title)}</h2>${blocksHtml(section.blocks, language)}</section>`,
  );
  const body = `${blocksHtml(content.opening, language)}${sections.join('\n')}`;
  const script = body.includes('class="denoising"') ? `<script>${SLIDER}</script>` : '';
  return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title><style>${STYLES}</style></head>
<body><h1>${escapeHtml(title)}</h1><p class="soft">${escapeHtml(content.subtitle)}</p>${body}${script}</body></html>
`;
}

export const blocksHtml = (blocks: readonly Block[], language: Content['language']): string =>
  blocks.map((block) => blockHtml(block, language)).join('');

function blockHtml(block: Block, language: Content['language']): string {
  switch (block.kind) {
    case 'text':
      return textHtml(block);
    case 'list':
      return `<ul>${block.items.map((item) => `<li>${prose(item)}</li>`).join('')}</ul>`;
    case 'table':
      return htmlTable(block.header, block.rows, block.look);
    case 'tiles':
      return tilesHtml(block);
    case 'figures':
      return figuresHtml(block.figures);
    case 'fold':
      return `<details><summary>${escapeHtml(block.title)}</summary><pre>${escapeHtml(block.text)}</pre></details>`;
    case 'case':
      return caseHtml(block, caseWords(language));
  }
}

/** A number stays with its unit, and a p with its value. */
const prose = (text: string): string =>
  escapeHtml(text.replace(/(\d) %/g, '$1\u00a0%').replace(/\bp ([=<]) (?=\d)/g, 'p\u00a0$1\u00a0'));

function textHtml({ text, tone }: TextBlock): string {
  const inside = prose(text);
  switch (tone) {
    case 'plain':
      return `<p>${inside}</p>`;
    case 'head':
      return `<p class="subhead">${inside}</p>`;
    case 'code':
      return `<pre>${escapeHtml(text)}</pre>`;
    case 'alarm':
      return `<p class="note alarm" role="alert">${inside}</p>`;
    case 'better':
    case 'worse':
    case 'noChange':
      return `<p class="verdict ${tone}">${inside}</p>`;
    case 'soft':
    case 'note':
      return `<p class="${tone}">${inside}</p>`;
  }
}

function tilesHtml({ tiles }: TilesBlock): string {
  const all = tiles.map(
    ([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`,
  );
  return `<dl class="tiles">${all.join('')}</dl>`;
}

function caseWords(language: Content['language']) {
  const t = translator(language);
  const [question, expected, readAs] = [t('question'), t('expected'), t('readAs')];
  return { question, expected, readAs, colon: t('colon'), step: t('denoisingStep') };
}
