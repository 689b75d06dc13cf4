import type { ResolvedPlan } from '../contracts/plan.js';
import type { StageName } from '../contracts/stages.js';
import type { HostProvider } from '../hosts/provider.js';
import { cumulativeFen, type Ledger } from '../store/ledger.js';

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
  for (const host of living) {
    if (host.planId !== null && host.planId !== planId) continue;
    const seconds = Math.max(0, (now.getTime() - Date.parse(host.startedAt)) / 1000);
    const fen = cumulativeFen(seconds, hosts.pricePerHourFen);
    await ledger.charge({ host: host.id, stage, seconds, fen });
  }
}
