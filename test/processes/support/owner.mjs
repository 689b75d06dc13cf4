// Holds a lifetime and starts two guarded commands with a child each; prints every pid, then waits.
import { spawn } from 'node:child_process';
import { guarded } from '../../../dist/processes/guarded.js';
import { holdLifetime } from '../../../dist/processes/lifetime.js';

const { socket } = await holdLifetime();
const start = () =>
  new Promise((resolve) => {
    const [command, args] = guarded(socket, 'sh', ['-c', 'sleep 60 & echo $$ $!; wait']);
    const guard = spawn(command, args, { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
    guard.stdout.once('data', (data) =>
      resolve([guard.pid, ...String(data).trim().split(' ').map(Number)]),
    );
  });
const pids = (await Promise.all([start(), start()])).flat();
process.stdout.write(`${JSON.stringify(pids)}\n`);
setInterval(() => undefined, 60_000);
