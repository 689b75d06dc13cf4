import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { freePorts, portIsFree } from '../../src/processes/free-port.js';

test('asked for several at once, every port differs', async () => {
  const ports = await freePorts(8);
  expect(new Set(ports).size).toBe(8);
});

test('a port somebody listens on is not free, and is free again afterwards', async () => {
  const [port] = await freePorts(1);
  const server = createServer();
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  expect(await portIsFree(port!)).toBe(false);
  await new Promise((resolve) => server.close(resolve));
  expect(await portIsFree(port!)).toBe(true);
});
