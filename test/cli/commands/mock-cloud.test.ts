import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { dreamSft } from '../support/run.js';

const BIN = fileURLToPath(new URL('../../../bin/dream-sft.mjs', import.meta.url));

test('serves six clouds on loopback until it is asked to end', async () => {
  const args = ['mock-cloud', '--port', '0', '--json', '--cloud', 'tencent', '--notice-after', '0'];
  const child = execa(process.execPath, [BIN, ...args], { reject: false });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const { url, endpoints } = JSON.parse(line) as { url: string; endpoints: Record<string, string> };
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(endpoints).toMatchObject({ aws: `${url}/aws`, tencent: `${url}/tencent` });
  const path = '/latest/meta-data/spot/termination-time';
  const notice = await fetch(`${endpoints['tencent']}${path}`);
  expect(await notice.text()).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  const wrong = await fetch(`${url}/control/tencent`, { method: 'PUT', body: '{"nitice": 1}' });
  expect([wrong.status, await wrong.text()]).toEqual([400, expect.stringContaining('nitice')]);
  await fetch(`${url}/control/tencent`, { method: 'PUT', body: '{}' });
  expect((await fetch(`${endpoints['tencent']}${path}`)).status).toBe(404);
  child.kill('SIGTERM');
  expect((await child).exitCode).toBe(0);
});

test.each([
  [['--cloud', 'moon'], 'There is no cloud moon.'],
  [['--notice-after', '5'], '--notice-after and --stop-after need --cloud'],
  [['--cloud', 'aws', '--notice-after', 'soon'], '--notice-after soon is no whole number.'],
  [['--port', '99999'], 'Port 99999 is no port.'],
])('%j is refused', async (args, why) => {
  const { exitCode, stderr } = await dreamSft(temporaryFolder(), ['mock-cloud', ...args]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(why);
});
