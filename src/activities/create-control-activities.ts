import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { ControlActivities } from '../contracts/activities.js';
import type { ResolvedPlan } from '../contracts/plan.js';
import type { StoreConfig } from '../contracts/store.js';
import type { HostProvider } from '../hosts/provider.js';
import type { RenderedReport } from '../report/render-report.js';
import type { ReportRequest } from '../report/report-data.js';
import type { ObjectStore } from '../store/object-store.js';
import { atStore, type Storing } from './at-store.js';
import { chooseCases } from './choose-cases.js';
import { closeStage } from './close-stage.js';
import { openPlan } from './open-plan.js';
import { report } from './report.js';
import { resolveStage } from './resolve-stage.js';
import { superviseStage } from './supervise-stage.js';
import { writeSummary } from './write-summary.js';

export interface ControlDeps extends Storing {
  readonly home: string;
  readonly codeDigest: string;
  readonly client: Client;
  readonly provider: (hosts: ResolvedPlan['hosts'], store: ObjectStore) => HostProvider;
  readonly now: () => Date;
  readonly log: Logger;
  readonly renderReport: (request: ReportRequest) => Promise<RenderedReport>;
  readonly uiUrl: string | null;
}

export function createControlActivities(deps: ControlDeps): ControlActivities {
  /** Each works on the store of the plan that asks. */
  const at =
    <I extends { readonly store?: StoreConfig }, O>(
      make: (atPlan: ControlDeps) => (input: I) => Promise<O>,
    ) =>
    async (input: I): Promise<O> =>
      make(await atStore(deps, input.store))(input);
  return {
    openPlan: openPlan(deps),
    resolveStage: at(resolveStage),
    superviseStage: at(superviseStage),
    closeStage: at(closeStage),
    chooseCases: at(chooseCases),
    report: at(report),
    writeSummary: writeSummary(deps),
  };
}
