import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What becomes of one request on its way to the real server. */
export type RequestFault =
  /** The connection is cut without a word. */
  | { readonly kind: 'refuse' }
  /** Cut after this many bytes of the request's body have passed. */
  | { readonly kind: 'cut'; readonly after: number }
  /** Cut after this many bytes of the answer's body have passed. */
  | { readonly kind: 'cutAnswer'; readonly after: number }
  /** The server never sees it. */
  | { readonly kind: 'status'; readonly status: number }
  /** The server does it all, but its answer is lost and this one comes instead. */
  | { readonly kind: 'lostAnswer'; readonly status: number }
  /** Passed on only after so long. */
  | { readonly kind: 'late'; readonly ms: number }
  /** Taken, and never answered. */
  | { readonly kind: 'hang' }
  /** One bit of the body is another one. */
  | { readonly kind: 'flip' }
  /** A bit of the answer's body. */
  | { readonly kind: 'flipAnswer' }
  /** Headers are taken away, given or renamed on the way there and back. */
  | { readonly kind: 'headers'; readonly change: (headers: Headers) => void }
  | { readonly kind: 'answerHeaders'; readonly change: (headers: Headers) => void };

export type Headers = Record<string, string | string[] | undefined>;

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  /** From 0, over all requests. */
  readonly index: number;
}

export type Rule = (seen: Seen) => RequestFault | undefined;

export interface FaultyProxy {
  readonly endpoint: string;
  /** Every request so far. */
  readonly seen: Seen[];
  mostAtOnce: number;
  rule: Rule;
  close(): Promise<void>;
}

/** Between a client and a real server; the server keeps its word, the way to it does not. */
export async function startFaultyProxy(target: string, rule: Rule = () => undefined) {
  let underWay = 0;
  const server = createServer((incoming, answer) => {
    const seen = seenOf(incoming, proxy.seen.length);
    proxy.seen.push(seen);
    underWay += 1;
    proxy.mostAtOnce = Math.max(proxy.mostAtOnce, underWay);
    answer.once('close', () => (underWay -= 1));
    void pass(new URL(target), incoming, answer, proxy.rule(seen));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const proxy: FaultyProxy = {
    endpoint: `http://127.0.0.1:${port}`,
    seen: [],
    mostAtOnce: 0,
    rule,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}

function seenOf(incoming: IncomingMessage, index: number): Seen {
  const url = new URL(incoming.url ?? '/', 'http://proxy');
  const { method = 'GET', headers } = incoming;
  return { method, path: url.pathname, query: url.searchParams, headers: { ...headers }, index };
}

async function pass(
  target: URL,
  incoming: IncomingMessage,
  answer: ServerResponse,
  fault: RequestFault | undefined,
): Promise<void> {
  if (fault?.kind === 'late') await sleep(fault.ms);
  if (fault?.kind === 'refuse') return void incoming.socket.destroy();
  if (fault?.kind === 'hang') return void incoming.resume();
  if (fault?.kind === 'status') {
    incoming.resume();
    return void incoming.once('end', () => answer.writeHead(fault.status).end());
  }
  // The host header stays: the signature is over it.
  const headers: Headers = { ...incoming.headers };
  if (fault?.kind === 'headers') fault.change(headers);
  const { hostname, port } = target;
  const options = { hostname, port, method: incoming.method, path: incoming.url, headers };
  const onward = request(options, (back) => passBack(back, answer, fault));
  onward.once('error', () => answer.destroy());
  sendOn(incoming, onward, fault);
}

function sendOn(
  incoming: IncomingMessage,
  onward: ReturnType<typeof request>,
  fault: RequestFault | undefined,
): void {
  let passed = 0;
  incoming.on('data', (chunk: Buffer) => {
    const room = fault?.kind === 'cut' ? Math.max(0, fault.after - passed) : chunk.length;
    const bytes = fault?.kind === 'flip' && passed === 0 ? flipped(chunk) : chunk;
    passed += chunk.length;
    onward.write(bytes.subarray(0, room));
    if (room >= chunk.length) return;
    incoming.socket.destroy();
    onward.destroy();
  });
  incoming.once('end', () => onward.end());
}

function passBack(
  back: IncomingMessage,
  answer: ServerResponse,
  fault: RequestFault | undefined,
): void {
  if (fault?.kind === 'lostAnswer') {
    back.resume();
    return void back.once('end', () => answer.writeHead(fault.status).end());
  }
  const headers: Headers = { ...back.headers };
  if (fault?.kind === 'answerHeaders') fault.change(headers);
  // The server's own date or none: Node would write one of its own.
  answer.sendDate = false;
  answer.writeHead(back.statusCode ?? 502, headers);
  let passed = 0;
  back.on('data', (chunk: Buffer) => {
    const room = fault?.kind === 'cutAnswer' ? Math.max(0, fault.after - passed) : chunk.length;
    answer.write(
      (fault?.kind === 'flipAnswer' && passed === 0 ? flipped(chunk) : chunk).subarray(0, room),
    );
    passed += chunk.length;
    if (room >= chunk.length) return;
    back.destroy();
    answer.socket?.end();
  });
  back.once('end', () => answer.end());
}

function flipped(chunk: Buffer): Buffer {
  const copy = Buffer.from(chunk);
  copy[0] = (copy[0] ?? 0) ^ 1;
  return copy;
}
