// A TCP proxy before a store, whose connections share so many bytes a second on the way there.
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { pipeline } from 'node:stream/promises';

/** Tokens are bytes; of what nobody used no more than a tenth of a second is kept. */
class TokenBucket {
  #tokens = 0;
  #filledAt = performance.now();
  #turn = Promise.resolve();

  constructor(bytesPerSecond) {
    this.bytesPerSecond = bytesPerSecond;
  }

  /** In the order of asking; resolves when so many may pass. */
  take(bytes) {
    this.#turn = this.#turn.then(() => this.#take(bytes));
    return this.#turn;
  }

  async #take(bytes) {
    this.#fill();
    this.#tokens -= bytes;
    while (this.#tokens < 0 && Number.isFinite(this.bytesPerSecond)) {
      await sleep(Math.min(100, Math.max(1, (-1000 * this.#tokens) / this.bytesPerSecond)));
      this.#fill();
    }
  }

  #fill() {
    const now = performance.now();
    const since = (now - this.#filledAt) / 1000;
    this.#filledAt = now;
    const most = this.bytesPerSecond / 10;
    const filled = this.#tokens + since * this.bytesPerSecond;
    this.#tokens = Number.isFinite(most) ? Math.min(most, filled) : 0;
  }
}

/** `limit(bytesPerSecond)` may be said again at any time; Infinity lets everything pass. */
export async function startLimitedProxy(target) {
  const { hostname, port } = new URL(target);
  const bucket = new TokenBucket(Number.POSITIVE_INFINITY);
  const sockets = new Set();
  const server = createServer((client) => {
    const store = connect(Number(port), hostname);
    for (const socket of [client, store]) {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    }
    const limited = async function* (chunks) {
      for await (const chunk of chunks) {
        await bucket.take(chunk.length);
        yield chunk;
      }
    };
    // A connection that one side ends is no mistake of anybody's.
    pipeline(client, limited, store).catch(() => client.destroy());
    pipeline(store, client).catch(() => store.destroy());
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${server.address().port}`,
    limit: (bytesPerSecond) => (bucket.bytesPerSecond = bytesPerSecond),
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
