import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { CLOUDS, type CloudName } from '../contracts/notice.js';
import { mistakesIn } from '../contracts/mistakes.js';
import { MockBehaviour, type MockBehaviourInput } from './behaviour.js';
import { Mocked, MOCKS } from './mocked.js';
import { type MockAnswer, NOT_FOUND } from './scene.js';

export interface MockCloudServer {
  readonly url: string;
  /** What to give as a cloud's endpoint. */
  readonly endpoints: Readonly<Record<CloudName, string>>;
  /** The last of them, oldest first. */
  readonly requests: Readonly<Record<CloudName, readonly SeenRequest[]>>;
  readonly tell: (cloud: CloudName, behaviour: MockBehaviourInput) => void;
  readonly close: () => Promise<void>;
}

export interface SeenRequest {
  /** As `GET /latest/meta-data/instance-id`. */
  readonly request: string;
  /** Null: not answered, or not yet. */
  status: number | null;
}

/**
 * The metadata services of all clouds on loopback, each below its own name: `/aws/latest/…`.
 * `PUT /control/aws` with a behaviour as JSON says how it answers from then on, `GET` tells.
 */
export async function startMockCloud(port = 0): Promise<MockCloudServer> {
  const clouds = new Clouds();
  const server = createServer((request, response) => {
    void clouds.serve(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    endpoints: ofEach((name) => `${url}/${name}`),
    requests: clouds.requests,
    tell: (cloud, behaviour) => clouds.mocked[cloud].tell(behaviour),
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

const ofEach = <T>(make: (name: CloudName) => T): Record<CloudName, T> =>
  Object.fromEntries(CLOUDS.map((name) => [name, make(name)])) as Record<CloudName, T>;

const isCloud = (name: string): name is CloudName => CLOUDS.some((each) => each === name);
const LAST_REQUESTS = 1000;

class Clouds {
  readonly mocked = ofEach(() => new Mocked());
  readonly requests = ofEach((): SeenRequest[] => []);

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://mock');
    const [, first = '', ...rest] = url.pathname.split('/');
    if (first === 'control') return this.#control(rest.join('/'), request, response);
    if (!isCloud(first)) return send(response, NOT_FOUND);
    const path = `/${rest.join('/')}`;
    const seen: SeenRequest = { request: `${request.method} ${path}`, status: null };
    this.requests[first].push(seen);
    if (this.requests[first].length > LAST_REQUESTS) this.requests[first].shift();
    const answer = await this.#answer(first, path, url.searchParams, request);
    if (answer === null) return;
    seen.status = answer.status;
    const { tellsDate } = this.mocked[first].behaviour;
    send(response, answer, tellsDate ? this.mocked[first].now() : null);
  }

  /** Null: it never answers. */
  async #answer(name: CloudName, path: string, query: URLSearchParams, request: IncomingMessage) {
    const { method = 'GET', headers } = request;
    const scene = this.mocked[name].scene();
    const { present, fault } = scene.behaviour;
    if (!present) return NOT_FOUND;
    if (fault === 'hang') return null;
    if (fault === 'error') return { status: 503, body: '503 - Service Unavailable' };
    return MOCKS[name]({ method, path, query, headers }, scene);
  }

  async #control(name: string, request: IncomingMessage, response: ServerResponse) {
    if (!isCloud(name)) return send(response, json(404, { error: `clouds: ${CLOUDS.join(', ')}` }));
    const mocked = this.mocked[name];
    if (request.method === 'PUT') {
      const parsed = MockBehaviour.safeParse(parsedOf(await text(request)));
      if (!parsed.success) {
        return send(response, json(400, { error: mistakesIn(parsed.error) }));
      }
      mocked.tell(parsed.data);
    }
    send(response, json(200, { ...mocked.behaviour, requests: this.requests[name] }));
  }
}

const json = (status: number, document: unknown): MockAnswer => ({
  status,
  body: `${JSON.stringify(document)}\n`,
});

function parsedOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

function send(response: ServerResponse, answer: MockAnswer, date: Date | null = null): void {
  const { status, body, etag } = answer;
  response.sendDate = false;
  if (date) response.setHeader('Date', date.toUTCString());
  if (etag !== undefined) response.setHeader('ETag', etag);
  response.writeHead(status, { 'Content-Type': 'text/plain' }).end(body);
}
