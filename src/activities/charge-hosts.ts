import type { ResolvedPlan } from '../contracts/plan.js';
import type { StageName } from '../contracts/stages.js';
import type { Host, HostProvider } from '../hosts/provider.js';
import { cumulativeFen, type Ledger, tenureId } from '../store/ledger.js';

interface Charging {
  readonly planId: string;
  readonly stage: StageName;
  readonly hosts: Pick<ResolvedPlan['hosts'], 'gpuClass' | 'pricePerHourFen'>;
}

/** Brings the ledger up to now for every living host of the plan; a dead one has cost its last charge. */
export async function chargeHosts(
  ledger: Ledger,
  provider: HostProvider,
  now: Date,
  { planId, stage, hosts }: Charging,
): Promise<void> {
  const living = (await provider.list(hosts.gpuClass)).filter((host) => host.alive);
  for (const one of living) {
    const due = dueOf(one, planId, now);
    if (due === null) continue;
    const { host, seconds } = due;
    const fen = cumulativeFen(seconds, hosts.pricePerHourFen);
    await ledger.charge({ host, stage, seconds, fen });
  }
}

/**
 * A host that this plan had started is its own for its whole life. One that a person started costs
 * it the time in which it worked for this plan or was kept for it; another plan's costs nothing.
 */
function dueOf(host: Host, planId: string, now: Date): { host: string; seconds: number } | null {
  const between = (from: string, to: number): number => Math.max(0, (to - Date.parse(from)) / 1000);
  if (host.planId === planId) {
    return { host: host.id, seconds: between(host.startedAt, now.getTime()) };
  }
  const { tenure } = host;
  if (host.planId !== null || tenure?.planId !== planId) return null;
  const seconds = between(tenure.since, Date.parse(tenure.until));
  return { host: tenureId(host.id, tenure.since), seconds };
}
