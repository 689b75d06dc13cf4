import { join } from 'node:path';
import type { ReportInput } from '../contracts/activities.js';
import type { StageOutcome } from '../contracts/outcome.js';
import { publishArtifact } from '../store/artifacts.js';
import type { ControlDeps } from './create-control-activities.js';
import { leaveResult } from './leave-result.js';

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
    const stopped = input.stopped ?? null;
    const folder = join(home, 'runs', plan.id, 'report');
    const { chains = [] } = input;
    const traced = { traces: input.inputs['traces'] ?? null, notTraced: input.notTraced ?? null };
    const rendered = await renderReport({
      plan,
      state,
      results,
      stopped,
      ...traced,
      chains,
      store,
      folder,
    });
    const artifact = await publishArtifact(store, { folder, kind: 'report' });
    const metrics = { kind: 'report' as const, ...rendered, language: plan.language };
    const made = { artifacts: { report: artifact }, metrics };
    return leaveResult({ store, now }, input, made, started.getTime());
  };
