import type { Series } from '../charts/line-chart.js';

/** What a slide consists of when everything has its place; inches, points for sizes of text. */
export type Shape = TextShape | TableShape | RectShape | LineShape | CurveShape;

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

export type Underline = 'dotted' | 'sng' | 'heavy';

export interface Run {
  readonly text: string;
  readonly bold?: boolean;
  readonly color?: string;
  readonly highlight?: string;
  readonly underline?: Underline;
}

export interface TextShape extends Box {
  readonly kind: 'text';
  readonly runs: readonly Run[];
  readonly size: number;
  readonly align?: 'left' | 'right' | 'center';
  readonly fill?: string;
  readonly mono?: boolean;
}

export interface TableShape extends Box {
  readonly kind: 'table';
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly widths: readonly number[];
  readonly heights: readonly number[];
  readonly size: number;
}

export interface RectShape extends Box {
  readonly kind: 'rect' | 'dot';
  readonly fill: string;
}

export interface LineShape extends Box {
  readonly kind: 'line';
  readonly color: string;
}

/** A chart that can still be edited. */
export interface CurveShape extends Box {
  readonly kind: 'curve';
  readonly series: Series;
  readonly title: string;
  /** What the series goes by. */
  readonly xLabel: string;
}

export const PAGE: Box = { x: 0, y: 0, w: 13.333, h: 7.5 };
export const BODY: Box = { x: 0.6, y: 1.3, w: 12.13, h: 5.75 };

export const COLORS = {
  ink: '1D2430',
  soft: '5B6675',
  line: 'D5DAE1',
  panel: 'F3F5F8',
  before: '8A97A8',
  after: '1F6FEB',
  good: '1E7E45',
  bad: 'CF222E',
  warn: '8A5A00',
} as const;
