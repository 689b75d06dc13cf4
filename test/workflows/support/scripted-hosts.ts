import type { EnsureRequest, Ensured, Host, HostProvider } from '../../../src/hosts/provider.js';

/** Hosts that exist in memory only; remembers what was asked for. */
export class ScriptedHosts implements HostProvider {
  readonly name = 'local-process';
  readonly knowsLiveness = true;
  readonly hosts: Host[] = [];

  ensure({ gpuClass, key, planId }: EnsureRequest): Promise<Ensured> {
    const known = this.hosts.find((host) => host.key === key);
    if (known) return Promise.resolve({ kind: 'host', host: known, started: false });
    const startedAt = new Date().toISOString();
    const id = `host-${this.hosts.length + 1}`;
    const host: Host = { id, gpuClass, planId, key, alive: true, startedAt, tenure: null };
    this.hosts.push(host);
    return Promise.resolve({ kind: 'host', host, started: true });
  }

  /** What happens while the next host is being given back. */
  meanwhile: (() => Promise<unknown>) | null = null;

  async release(hostId: string): Promise<void> {
    const meanwhile = this.meanwhile;
    this.meanwhile = null;
    await meanwhile?.();
    const at = this.hosts.findIndex(({ id }) => id === hostId);
    const host = this.hosts[at];
    if (host) this.hosts[at] = { ...host, alive: false };
  }

  list(gpuClass: string): Promise<readonly Host[]> {
    return Promise.resolve(this.hosts.filter((host) => host.gpuClass === gpuClass));
  }
}
