// Holds the lifetime of a home; prints its socket, then waits.
import { holdLifetime } from '../../../dist/processes/lifetime.js';

const { socket } = await holdLifetime(process.argv[2]);
process.stdout.write(`${socket}\n`);
setInterval(() => undefined, 60_000);
