import type {
  Block,
  CaseBlock,
  CaseSide,
  Cell,
  Chart,
  Content,
  Denoising,
  Figure,
  TableBlock,
} from './content/blocks.js';
import { frameAt, threeFrames } from './content/denoising.js';
import { percent, range } from './sections/section.js';
import { translator, type Translate } from './texts.js';

/** The same as the page for what shows no drawings: charts become the numbers behind them. */
export function renderMarkdown(content: Content): string {
  const t = translator(content.language);
  const sections = content.sections.flatMap(({ title, blocks }) => [
    `## ${line(title)}`,
    ...blocks.map((block) => blockText(block, t)),
  ]);
  const parts = [
    `# ${line(content.title)}`,
    line(content.subtitle),
    ...content.opening.map((block) => blockText(block, t)),
    ...sections,
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function blockText(block: Block, t: Translate): string {
  switch (block.kind) {
    case 'text':
      return toned(block.text, block.tone);
    case 'list':
      return block.items.map((item) => `- ${line(item)}`).join('\n');
    case 'table':
      return tableText(block);
    case 'tiles':
      return block.tiles
        .map(([name, value]) => `- **${line(name)}**${t('colon')}${line(value)}`)
        .join('\n');
    case 'figures':
      return block.figures.map((figure) => figureText(figure, t)).join('\n\n');
    case 'fold':
      return `<details><summary>${line(block.title)}</summary>\n\n${fenced(block.text)}\n\n</details>`;
    case 'case':
      return caseText(block, t);
  }
}

function toned(text: string, tone: string): string {
  if (tone === 'code') return fenced(text);
  if (tone === 'alarm' || tone === 'note') return `> **${line(text)}**`;
  return tone === 'plain' || tone === 'soft' ? line(text) : `**${line(text)}**`;
}

/** Whatever a text holds, it ends neither its line nor its cell, and marks nothing up. */
const line = (text: string): string =>
  text
    .trim()
    .replace(/\s*\n\s*/g, ' ')
    .replace(/[\\`*_<>|#[\]]/g, (character) => `\\${character}`);

function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
}

const cellText = (cell: Cell): string =>
  typeof cell === 'number' ? cell.toLocaleString('en-US') : line(cell);

function tableText({ header, rows }: Pick<TableBlock, 'header' | 'rows'>): string {
  const lines = [header, header.map(() => '---'), ...rows.map((row) => row.map(cellText))];
  return lines
    .map(
      (cells, i) => `| ${cells.map((cell) => (i === 0 ? line(String(cell)) : cell)).join(' | ')} |`,
    )
    .join('\n');
}

function figureText({ caption, chart }: Figure, t: Translate): string {
  const numbers = chartText(chart, t);
  return caption === '' ? numbers : `**${line(caption)}**\n\n${numbers}`;
}

/** A curve is told by so many of its points. */
const POINTS = 9;

function chartText(chart: Chart, t: Translate): string {
  switch (chart.kind) {
    case 'line': {
      const { points, label } = chart.series;
      const every = Math.max(1, Math.floor((points.length - 1) / (POINTS - 1)));
      const told = points.filter((_, i) => i % every === 0 || i === points.length - 1);
      const rows = told.map(([x, y]) => [x, String(Number(y.toPrecision(4)))]);
      return tableText({ header: [chart.xLabel, label], rows });
    }
    case 'scores': {
      const rows = chart.bars.map((bar) => [bar.label, percent(bar.value), range(bar.interval)]);
      return tableText({ header: ['', t('score'), t('interval')], rows });
    }
    case 'lengths': {
      const rows = chart.histogram.map(({ from, to, rows: count }) => [
        to === null ? `≥ ${from}` : `${from} – ${to - 1}`,
        count,
      ]);
      return tableText({ header: [t('tokenRange'), t('rowsKept')], rows });
    }
    case 'timeline':
      return chart.spans
        .map(({ label, note }) => `- ${line(label)}${t('colon')}${note}`)
        .join('\n');
    case 'strategies':
      // The table beside it holds every number of the plot.
      return '';
  }
}

function caseText(block: CaseBlock, t: Translate): string {
  return [
    `### ${line(block.tag)} · ${line(block.name)}`,
    ...(block.comment === null ? [] : [`> ${line(block.comment)}`]),
    `${t('question')}${t('colon')}`,
    fenced(block.question),
    `${t('expected')}${t('colon')}**${line(block.expected)}**`,
    ...block.sides.map((side) => sideText(side, t)),
  ].join('\n\n');
}

function sideText(side: CaseSide, t: Translate): string {
  const mark = side.correct ? '✓' : '✗';
  const readAs = `${t('readAs')}${t('colon')}${line(side.readAs)}`;
  const formed = side.denoising === null ? [] : [framesText(side.denoising, t)];
  return [`**${line(side.title)}** ${mark} ${readAs}`, fenced(side.answer), ...formed].join('\n\n');
}

function framesText(denoising: Denoising, t: Translate): string {
  const frames = threeFrames(denoising).map((step) => {
    const title = t('denoisingStep', { step: step + 1, steps: denoising.steps });
    const shown = frameAt(denoising, step).map((stay) => stay?.text ?? '▢');
    return `${title}${t('colon')}\n${shown.join('')}`;
  });
  return `${line(denoising.caption)}${t('colon')}\n\n${fenced(frames.join('\n\n'))}`;
}
