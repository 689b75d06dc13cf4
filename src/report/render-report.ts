import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../store/local-files.js';
import { escapeHtml } from './escape.js';
import { gatherReportData, type ReportData, type ReportRequest } from './report-data.js';
import { casesSection } from './sections/cases.js';
import { dataSection } from './sections/data.js';
import { environmentSection } from './sections/environment.js';
import { configurationSection, moneySection } from './sections/facts.js';
import { overview } from './sections/overview.js';
import { pilotSection } from './sections/pilot.js';
import { resultSection } from './sections/result.js';
import type { Section } from './sections/section.js';
import { interruptionsSection, timelineSection } from './sections/timeline.js';
import { trainingSection } from './sections/training.js';
import { STYLES } from './styles.js';
import { type TextKey, translator } from './texts.js';

export interface RenderedReport {
  readonly html: string;
  readonly markdown: string | null;
  readonly pptx: string | null;
}

/** Writes the report into `request.folder`; returns the absolute path of each form. */
export async function renderReport(request: ReportRequest): Promise<RenderedReport> {
  await mkdir(request.folder, { recursive: true });
  const data = await gatherReportData(request);
  const html = join(request.folder, 'report.html');
  await replaceFile(html, Buffer.from(reportHtml(data)));
  return { html, markdown: null, pptx: null };
}

const SECTIONS: readonly (readonly [TextKey, Section])[] = [
  ['summary', resultSection],
  ['cases', casesSection],
  ['pilot', pilotSection],
  ['training', trainingSection],
  ['timeline', timelineSection],
  ['interruptions', interruptionsSection],
  ['data', dataSection],
  ['ledger', moneySection],
  ['environment', environmentSection],
  ['configuration', configurationSection],
];

export function reportHtml(data: ReportData): string {
  const { plan, state } = data;
  const t = translator(plan.language);
  const body = SECTIONS.map(([title, render]) => {
    const inside = render(data, t);
    return inside === '' ? '' : `<section><h2>${t(title)}</h2>${inside}</section>`;
  });
  const day = state.startedAt.slice(0, 16).replace('T', ' ');
  const head = `<p class="soft">${escapeHtml(plan.id)} · ${escapeHtml(day)} UTC · dream-sft</p>`;
  return `<!doctype html>
<html lang="${plan.language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(plan.title)}</title><style>${STYLES}</style></head>
<body><h1>${escapeHtml(plan.title)}</h1>${head}${overview(data, t)}${body.join('\n')}</body></html>
`;
}
