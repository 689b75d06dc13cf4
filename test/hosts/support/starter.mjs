// A process with a lifetime that starts a host through the provider; prints the host's id, then waits.
import { loadConfig } from '../../../dist/config/config.js';
import { LocalProcessProvider } from '../../../dist/hosts/local-process.js';
import { holdLifetime } from '../../../dist/processes/lifetime.js';

const { socket } = await holdLifetime();
const provider = new LocalProcessProvider(loadConfig({ lifetimeSocket: socket }));
const { host } = await provider.ensure({ gpuClass: 'local', key: 'stage-0', planId: 'plan' });
process.stdout.write(`${host.id}\n`);
setInterval(() => undefined, 60_000);
