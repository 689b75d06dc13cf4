import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { report } from '../../src/activities/report.js';
import type { ReportInput } from '../../src/contracts/activities.js';
import { readManifest } from '../../src/store/artifacts.js';
import { renderReport } from '../../src/report/render-report.js';
import { exampleData } from '../report/support/example.js';
import { openPptx } from '../report/support/pptx.js';
import { localStore } from '../store/support/examples.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** A plan of which nothing but its start has happened, in the language given. */
async function made(language: 'en' | 'zh') {
  const { plan, state } = await exampleData();
  const [store, home] = [await localStore(), temporaryFolder()];
  const input: ReportInput = {
    planId: plan.id,
    stage: 'report',
    stageKey: 'f'.repeat(64),
    codeDigest: '',
    configuration: {},
    inputs: {},
    plan: { ...plan, language },
    state,
    results: {},
    stopped: null,
  };
  const now = (): Date => new Date('2026-11-25T00:00:00.000Z');
  const outcome = await report({ store, home, renderReport, now })(input);
  if (outcome.kind !== 'finished' || outcome.result.metrics.kind !== 'report')
    throw new Error('no report');
  return { store, home, plan, result: outcome.result, metrics: outcome.result.metrics };
}

test('page, Markdown and slides lie in the folder of the plan, and in the artifact', async () => {
  const { store, home, plan, result, metrics } = await made('en');
  const folder = join(home, 'runs', plan.id, 'report');
  expect([metrics.html, metrics.markdown, metrics.pptx]).toEqual(
    ['report.html', 'report.md', 'slides.pptx'].map((name) => join(folder, name)),
  );
  const { files } = await readManifest(store, result.artifacts['report']!.digest);
  expect(files.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['report.html', 'report.md', 'slides.pptx']),
  );
  expect(existsSync(metrics.pptx!)).toBe(true);
});

test('a plan that came to nothing still has a report in its language', async () => {
  const { metrics } = await made('zh');
  expect(readFileSync(metrics.html, 'utf8')).toContain('五条成功标准');
  expect(readFileSync(metrics.markdown!, 'utf8')).toContain('## 五条成功标准');
  const { slides } = await openPptx(readFileSync(metrics.pptx!));
  expect(slides.at(-1)!.texts[0]).toBe('五条成功标准');
});
