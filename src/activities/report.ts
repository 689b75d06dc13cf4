import { join } from 'node:path';
import type { ReportInput } from '../contracts/activities.js';
import type { StageOutcome } from '../contracts/outcome.js';
import { publishArtifact } from '../store/artifacts.js';
import { writeResult } from '../store/results.js';
import type { ControlDeps } from './create-control-activities.js';

export const report =
  ({
    store,
    home,
    renderReport,
    now,
  }: Pick<ControlDeps, 'store' | 'home' | 'renderReport' | 'now'>) =>
  async (input: ReportInput): Promise<StageOutcome> => {
    const started = now();
    const { plan, state, results } = input;
    const folder = join(home, 'runs', plan.id, 'report');
    const rendered = await renderReport({ plan, state, results, store, folder });
    const artifact = await publishArtifact(store, { folder, kind: 'report' });
    const result = await writeResult(store, {
      stage: 'report',
      stageKey: input.stageKey,
      planId: plan.id,
      artifacts: { report: artifact },
      metrics: { kind: 'report', ...rendered, language: plan.language },
      seconds: (now().getTime() - started.getTime()) / 1000,
      finishedAt: now().toISOString(),
    });
    return { kind: 'finished', result };
  };
