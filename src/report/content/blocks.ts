import type { TimeUnit } from '../../contracts/duration.js';
import type { Bar } from '../charts/score-bars.js';
import type { Series } from '../charts/line-chart.js';
import type { Strategy } from '../charts/strategy-plot.js';
import type { Span } from '../charts/timeline.js';
import type { Verdict } from '../comparison-cases.js';
import type { LengthBin } from '../data-check.js';

/** What the report says, without any look: page, Markdown and slides are made of the same blocks. */
export type Block =
  TextBlock | ListBlock | TableBlock | TilesBlock | FiguresBlock | FoldBlock | CaseBlock;

export type Tone =
  'plain' | 'head' | 'soft' | 'note' | 'alarm' | 'better' | 'worse' | 'noChange' | 'code';

export interface TextBlock {
  readonly kind: 'text';
  readonly tone: Tone;
  readonly text: string;
}

export interface ListBlock {
  readonly kind: 'list';
  readonly items: readonly string[];
}

export type Cell = string | number;

export interface TableBlock {
  readonly kind: 'table';
  /** Empty titles: two columns of names and values. */
  readonly header: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  readonly look: '' | 'facts' | 'oneline';
}

export interface TilesBlock {
  readonly kind: 'tiles';
  readonly tiles: readonly (readonly [string, string])[];
}

export interface FiguresBlock {
  readonly kind: 'figures';
  readonly figures: readonly Figure[];
}

export interface Figure {
  readonly caption: string;
  readonly chart: Chart;
}

export type Chart =
  | { readonly kind: 'line'; readonly series: Series; readonly xLabel: string }
  | { readonly kind: 'scores'; readonly bars: readonly Bar[] }
  | { readonly kind: 'lengths'; readonly histogram: readonly LengthBin[] }
  | {
      readonly kind: 'timeline';
      readonly spans: readonly Span[];
      readonly units: Readonly<Record<TimeUnit, string>>;
    }
  | { readonly kind: 'strategies'; readonly points: readonly Strategy[]; readonly axis: AxisTexts };

export interface AxisTexts {
  readonly x: string;
  readonly y: string;
}

/** Long text that a reader opens only when wanted. */
export interface FoldBlock {
  readonly kind: 'fold';
  readonly title: string;
  readonly text: string;
}

export interface CaseBlock {
  readonly kind: 'case';
  readonly verdict: Verdict;
  readonly tag: string;
  /** As `cases --pick` calls the question. */
  readonly name: string;
  readonly question: string;
  readonly expected: string;
  readonly comment: string | null;
  readonly sides: readonly [CaseSide, CaseSide];
}

export interface CaseSide {
  readonly title: string;
  readonly correct: boolean;
  readonly answer: string;
  readonly readAs: string;
  readonly denoising: Denoising | null;
}

/** How an answer formed: one entry a canvas position, in the order of the text. */
export interface Denoising {
  readonly caption: string;
  readonly legend: string;
  readonly steps: number;
  readonly positions: readonly (readonly Stay[])[];
}

/** From step `from` on, and before step `to`, the position holds this text; null is the mask. */
export interface Stay {
  readonly from: number;
  readonly to: number;
  readonly text: string | null;
  /** 1 the least sure fifth of this answer's tokens, 5 the surest; 0 for the mask. */
  readonly level: number;
}

export interface SectionContent {
  readonly id: string;
  readonly title: string;
  readonly blocks: readonly Block[];
}

export interface Content {
  readonly language: 'en' | 'zh';
  readonly title: string;
  readonly subtitle: string;
  /** Before everything else: what a reader must know to read the rest. */
  readonly opening: readonly Block[];
  readonly sections: readonly SectionContent[];
}

export const text = (value: string, tone: Tone = 'plain'): TextBlock => ({
  kind: 'text',
  tone,
  text: value,
});

export const table = (
  header: readonly string[],
  rows: TableBlock['rows'],
  look: TableBlock['look'] = '',
): TableBlock => ({ kind: 'table', header, rows, look });

export const figures = (...all: Figure[]): FiguresBlock => ({ kind: 'figures', figures: all });
