import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { Connection } from '@temporalio/client';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig, serverRecordPath } from '../../src/config/config.js';
import { SEARCH_ATTRIBUTES } from '../../src/contracts/search-attributes.js';
import { freePorts } from '../../src/processes/free-port.js';
import { isAlive, processIdentity } from '../../src/processes/identity.js';
import { startTemporalServer } from '../../src/processes/server.js';
import { temporaryFolder } from '../support/temporary-folder.js';

async function options() {
  const home = temporaryFolder();
  const [port, uiPort] = await freePorts(2);
  const { temporal } = loadConfig({ home });
  return {
    temporal,
    home,
    namespace: 'default',
    port: port!,
    uiPort: uiPort!,
    lifetimeSocket: null,
  };
}

test('an occupied port is named, with exit code 71, and nothing is started', async () => {
  const given = await options();
  const occupant = createServer();
  onTestFinished(() => void occupant.close());
  await new Promise<void>((resolve) => occupant.listen(given.port, '127.0.0.1', resolve));
  await expect(startTemporalServer(given)).rejects.toMatchObject({
    exitCode: 71,
    message: expect.stringContaining(`Port ${given.port} is taken`),
  });
  expect(existsSync(serverRecordPath(given.home))).toBe(false);
});

test('a missing Temporal CLI is named, with exit code 70', async () => {
  const given = { ...(await options()), temporal: '/nonexistent/temporal' };
  await expect(startTemporalServer(given)).rejects.toMatchObject({
    exitCode: 70,
    message: expect.stringContaining('npm run setup'),
  });
});

test('the server knows our search attributes, keeps its data in the home, and stops', async () => {
  const given = await options();
  const server = await startTemporalServer(given);
  const identity = await processIdentity(server.pid);
  try {
    expect(JSON.parse(readFileSync(serverRecordPath(given.home), 'utf8'))).toMatchObject({
      address: server.address,
    });
    const connection = await Connection.connect({ address: server.address });
    const known = await connection.operatorService.listSearchAttributes({ namespace: 'default' });
    await connection.close();
    for (const { name } of SEARCH_ATTRIBUTES) expect(known.customAttributes).toHaveProperty(name);
    expect(existsSync(`${given.home}/temporal.db`)).toBe(true);
  } finally {
    await server.stop();
  }
  expect(await isAlive(identity!)).toBe(false);
  expect(existsSync(serverRecordPath(given.home))).toBe(false);
});
