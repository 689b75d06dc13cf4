import type { SuperviseInput } from '../../contracts/activities.js';
import type { HostProvider } from '../../hosts/provider.js';
import { bootsInVain } from './boots-in-vain.js';
import type { PendingActivity } from './pending-activity.js';
import type { WorkChains } from './work-chains.js';

/** A blind provider is asked once the activity has waited this long for somebody to take it. */
const WAITED_MS = 5000;

export interface HostNews {
  readonly host: string | null;
  readonly waitingFor: string | null;
}

/**
 * Makes sure a host exists. A provider that knows liveness replaces a dead host at once, during the
 * heartbeat timeout; never judged by pollers, which still show a host long after its death.
 */
export async function ensureHost(
  provider: HostProvider,
  chains: Pick<WorkChains, 'fold' | 'booted'>,
  input: SuperviseInput,
  pending: PendingActivity | null,
  now: number,
): Promise<HostNews> {
  const { gpuClass } = input.hosts;
  // The stage is over: a host started now would outlive its release and cost money for nothing.
  if (pending === null) return { host: null, waitingFor: null };
  const hosts = await provider.list(gpuClass);
  const living = hosts.find((host) => host.alive);
  if (living) return { host: living.id, waitingFor: null };
  if (!provider.knowsLiveness && !waitsTooLong(pending, now))
    return { host: null, waitingFor: null };
  const { boots, works } = await chains.fold();
  const attempts = works.flatMap((work) => work.attempts);
  const vain = provider.knowsLiveness ? bootsInVain({ boots, attempts }, now) : null;
  if (vain !== null) return { host: null, waitingFor: endAtOnce(gpuClass, vain.host) };
  const key = `${input.stageKey}#${boots.length}`;
  const ensured = await provider.ensure({ gpuClass, key, planId: input.planId });
  if (ensured.kind === 'person') {
    // Somebody has taken the work up whom this provider does not know: nobody waits.
    if (pending.state === 'started') return { host: null, waitingFor: null };
    return { host: null, waitingFor: `on ${ensured.where}, run: ${ensured.command}` };
  }
  if (provider.knowsLiveness) await chains.booted({ key, host: ensured.host.id });
  return { host: ensured.host.id, waitingFor: null };
}

/** No figure that changes from look to look: each change is a signal to the workflow. */
const endAtOnce = (gpuClass: string, host: string): string =>
  `hosts of class ${gpuClass} end at once; look into logs/gpu-${host}.out`;

function waitsTooLong(pending: PendingActivity, now: number): boolean {
  if (pending.state !== 'scheduled' || pending.scheduledAt === null) return false;
  return now - Math.max(pending.scheduledAt, pending.lastHeartbeatAt ?? 0) > WAITED_MS;
}
