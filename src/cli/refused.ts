import { connect } from 'node:net';

const WITHIN_MS = 1000;

/**
 * Whether nobody listens at an address. Only a refusal counts: a server that is slow to accept, a name
 * that only a proxy knows, or an address in another form is left to the real connection to judge.
 */
export function refusesConnections(address: string): Promise<boolean> {
  const [, bracketed, plain, port] = /^(?:\[(.+)\]|([^:/[\]]+)):(\d+)$/.exec(address) ?? [];
  if (port === undefined || Number(port) > 65_535) return Promise.resolve(false);
  return new Promise((resolve) => {
    const socket = connect({ host: bracketed ?? plain ?? '', port: Number(port) });
    const end = (refused: boolean): void => {
      socket.destroy();
      resolve(refused);
    };
    socket.setTimeout(WITHIN_MS, () => end(false));
    socket.once('connect', () => end(false));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code === 'ECONNREFUSED'));
  });
}
