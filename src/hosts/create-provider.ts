import type { Config } from '../config/config.js';
import type { HostsConfig } from '../contracts/plan.js';
import type { ObjectStore } from '../store/object-store.js';
import { LocalProcessProvider } from './local-process.js';
import { ManualProvider } from './manual.js';
import type { HostProvider } from './provider.js';

export function createProvider(
  hosts: Pick<HostsConfig, 'provider'>,
  deps: { readonly config: Config; readonly store: ObjectStore; readonly now: () => Date },
): HostProvider {
  switch (hosts.provider) {
    case 'local-process':
      return new LocalProcessProvider(deps.config, deps.now);
    case 'manual':
      return new ManualProvider({
        store: deps.store,
        address: deps.config.connection.address,
        now: deps.now,
      });
  }
}
