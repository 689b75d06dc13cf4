// One address for whichever host came last, as a service of Kubernetes or a load balancer gives it: Restate
// calls its hosts, and a deployment keeps its address.
import { readdirSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';

export async function openFront(addresses) {
  const open = new Set();
  const server = createServer((caller) => {
    const port = newestPort(addresses);
    if (port === null) return void caller.destroy();
    const host = connect(port, '127.0.0.1');
    for (const [socket, other] of [
      [caller, host],
      [host, caller],
    ]) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        open.delete(socket);
        other.destroy();
      });
    }
    caller.pipe(host).pipe(caller);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    for (const socket of open) socket.destroy();
    server.close();
  };
  return { url: `http://127.0.0.1:${server.address().port}`, close };
}

const newestPort = (addresses) => {
  const newest = readdirSync(addresses).sort().at(-1);
  return newest === undefined
    ? null
    : Number(readFileSync(join(addresses, newest), 'utf8')) || null;
};
