import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../store/local-files.js';
import { contentOf } from './content/content-of.js';
import { renderHtml } from './html/render-html.js';
import { renderMarkdown } from './markdown.js';
import { gatherReportData, type ReportRequest } from './report-data.js';

export interface RenderedReport {
  readonly html: string;
  readonly markdown: string;
  readonly pptx: string | null;
}

/** Writes the report into `request.folder`; returns the absolute path of each form. */
export async function renderReport(request: ReportRequest): Promise<RenderedReport> {
  await mkdir(request.folder, { recursive: true });
  const data = await gatherReportData(request);
  const content = contentOf(data);
  const [html, markdown] = ['report.html', 'report.md'].map((name) => join(request.folder, name));
  await replaceFile(html!, Buffer.from(renderHtml(content)));
  await replaceFile(markdown!, Buffer.from(renderMarkdown(content)));
  return { html: html!, markdown: markdown!, pptx: null };
}
