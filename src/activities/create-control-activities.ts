import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { ControlActivities } from '../contracts/activities.js';
import type { ResolvedPlan } from '../contracts/plan.js';
import type { HostProvider } from '../hosts/provider.js';
import type { RenderedReport } from '../report/render-report.js';
import type { ReportRequest } from '../report/report-data.js';
import type { ObjectStore } from '../store/object-store.js';
import { closeStage } from './close-stage.js';
import { openPlan } from './open-plan.js';
import { report } from './report.js';
import { resolveStage } from './resolve-stage.js';
import { superviseStage } from './supervise-stage.js';
import { writeSummary } from './write-summary.js';

export interface ControlDeps {
  readonly store: ObjectStore;
  readonly home: string;
  readonly codeDigest: string;
  readonly client: Client;
  readonly provider: (hosts: ResolvedPlan['hosts']) => HostProvider;
  readonly now: () => Date;
  readonly log: Logger;
  readonly renderReport: (request: ReportRequest) => Promise<RenderedReport>;
  readonly uiUrl: string | null;
}

export function createControlActivities(deps: ControlDeps): ControlActivities {
  return {
    openPlan: openPlan(deps),
    resolveStage: resolveStage(deps),
    superviseStage: superviseStage(deps),
    closeStage: closeStage(deps),
    report: report(deps),
    writeSummary: writeSummary(deps),
  };
}
