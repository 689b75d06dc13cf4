import { createRequire } from 'node:module';
import type PptxGenJS from 'pptxgenjs';
import type { Content } from '../content/blocks.js';
import type { Slide } from './deck.js';
import { drawCurve } from './draw-curve.js';
import { layOut } from './layout.js';
import { lineHeight } from './measure.js';
import { CELL_MARGIN } from './place-table.js';
import { COLORS, PAGE, type Shape, type TableShape, type TextShape } from './shapes.js';

// Its ES module is marked as CommonJS, so that Node cannot import it.
const Pptx = createRequire(import.meta.url)('pptxgenjs') as new () => PptxGenJS.default;
type PptxSlide = ReturnType<PptxGenJS.default['addSlide']>;

/** Fonts that come with Office, for letters and for Chinese. */
const FONTS = { en: 'Arial', zh: 'Microsoft YaHei' } as const;

/** The bytes of a PPTX file: text, tables and curves stay what they are, to be edited. */
export async function renderPptx(
  slides: readonly Slide[],
  { language, title, subtitle }: Pick<Content, 'language' | 'title' | 'subtitle'>,
): Promise<Uint8Array> {
  const deck = new Pptx();
  deck.defineLayout({ name: 'WIDE', width: PAGE.w, height: PAGE.h });
  deck.layout = 'WIDE';
  deck.title = title;
  deck.theme = { headFontFace: FONTS[language], bodyFontFace: FONTS[language] };
  slides.forEach((slide, i) => {
    const page = deck.addSlide();
    for (const shape of layOut(slide, i + 1, subtitle)) draw(page, shape, FONTS[language]);
  });
  const bytes = await deck.write({ outputType: 'nodebuffer', compression: true });
  return bytes as Uint8Array;
}

function draw(page: PptxSlide, shape: Shape, fontFace: string): void {
  const { x, y, w, h } = shape;
  switch (shape.kind) {
    case 'text':
      return drawText(page, shape, fontFace);
    case 'table':
      return drawTable(page, shape, fontFace);
    case 'curve':
      return drawCurve(page, shape, fontFace);
    case 'line':
      page.addShape('line', { x, y, w, h, line: { color: shape.color, width: 1 } });
      return;
    case 'rect':
    case 'dot': {
      const name = shape.kind === 'rect' ? 'rect' : 'ellipse';
      page.addShape(name, { x, y, w, h, fill: { color: shape.fill } });
    }
  }
}

function drawText(page: PptxSlide, shape: TextShape, fontFace: string): void {
  const { x, y, w, h, size, align = 'left', fill } = shape;
  const runs = shape.runs.map(({ text, bold = false, color, highlight, underline }) => ({
    text,
    options: {
      bold,
      color: color ?? COLORS.ink,
      ...(highlight ? { highlight } : {}),
      ...(underline ? { underline: { style: underline, color: COLORS.ink } } : {}),
    },
  }));
  page.addText(runs, {
    x,
    y,
    w,
    h,
    align,
    // Of more lines the first stands beside its bullet, also where there are fewer than measured.
    valign: fill || h > 1.6 * lineHeight(size) ? 'top' : 'middle',
    margin: fill ? 6 : 0,
    fontSize: size,
    fontFace: shape.mono ? 'Consolas' : fontFace,
    ...(fill ? { fill: { color: fill } } : {}),
  });
}

function drawTable(page: PptxSlide, shape: TableShape, fontFace: string): void {
  const cell = (text: string, bold: boolean) => ({
    text,
    options: { bold, color: bold ? COLORS.soft : COLORS.ink },
  });
  const rows = shape.rows.map((row) => row.map((text) => cell(text, false)));
  const head = shape.header.length > 0 ? [shape.header.map((text) => cell(text, true))] : [];
  const { x, y } = CELL_MARGIN;
  page.addTable([...head, ...rows], {
    x: shape.x,
    y: shape.y,
    w: shape.w,
    h: shape.h,
    colW: [...shape.widths],
    rowH: [...shape.heights],
    fontSize: shape.size,
    fontFace,
    valign: 'top',
    margin: [y, x, y, x],
    border: { type: 'solid', pt: 0.5, color: COLORS.line },
  });
}
