import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../store/local-files.js';
import { contentOf } from './content/content-of.js';
import { renderHtml } from './html/render-html.js';
import { renderMarkdown } from './markdown.js';
import { deckOf } from './slides/deck.js';
import { renderPptx } from './slides/render-pptx.js';
import { gatherReportData, type ReportRequest } from './report-data.js';

export interface RenderedReport {
  readonly html: string;
  readonly markdown: string | null;
  readonly pptx: string | null;
}

/** Writes the report into `request.folder`; returns the absolute path of each form. */
export async function renderReport(request: ReportRequest): Promise<RenderedReport> {
  await mkdir(request.folder, { recursive: true });
  const data = await gatherReportData(request);
  const content = contentOf(data);
  const write = async (name: string, bytes: string | Uint8Array): Promise<string> => {
    const path = join(request.folder, name);
    await replaceFile(path, Buffer.from(bytes));
    return path;
  };
  return {
    html: await write('report.html', renderHtml(content)),
    markdown: await write('report.md', renderMarkdown(content)),
    pptx: await write('slides.pptx', await renderPptx(deckOf(data), content)),
  };
}
