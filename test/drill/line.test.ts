import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { Line } from '../../src/drill/line.js';
import { until } from '../support/until.js';

/** Answers everything with itself, and keeps what it has heard. */
async function echo() {
  let heard = '';
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => {
      heard += bytes.toString();
      socket.write(bytes);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { address: `127.0.0.1:${port}`, heard: () => heard };
}

async function caller(line: Line) {
  const [host, port] = line.address.split(':');
  const socket: Socket = connect({ host: host!, port: Number(port) });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  let answers = '';
  socket.on('data', (bytes: Buffer) => (answers += bytes.toString()));
  return { say: (text: string) => socket.write(text), answers: () => answers };
}

async function open() {
  const server = await echo();
  const line = await Line.open(server.address);
  onTestFinished(() => line.close());
  return { server, line };
}

test('passes on what both sides say', async () => {
  const { server, line } = await open();
  const { say, answers } = await caller(line);
  say('hello');
  await until('it is answered', async () => answers() === 'hello');
  expect(server.heard()).toBe('hello');
});

test('cut, it passes nothing on, also for those who call then; mended, nothing was lost', async () => {
  const { server, line } = await open();
  const early = await caller(line);
  early.say('a');
  await until('it is answered', async () => early.answers() === 'a');
  line.cut();
  const late = await caller(line);
  early.say('b');
  late.say('c');
  // Another line to the same server: by the time it is answered, a line that is whole would have passed both.
  const other = await Line.open(server.address);
  onTestFinished(() => other.close());
  const beside = await caller(other);
  beside.say('d');
  await until('it is answered', async () => beside.answers() === 'd');
  expect(server.heard()).toBe('ad');
  line.mend();
  await until('both are answered', async () => early.answers() + late.answers() === 'abc');
});
