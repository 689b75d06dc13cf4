import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeEach, expect, test, vi } from 'vitest';
import { noticeEnvironment, noticeSettings } from '../../src/config/notices.js';
import { CLOUDS } from '../../src/contracts/notice.js';
import { CLOUD_FACTS } from '../../src/notices/profiles.js';

beforeEach(() => {
  for (const name of Object.keys(process.env)) {
    if (/^(DREAM_SFT|RUNPOD|VAST|AutoDL)_?/.test(name)) vi.stubEnv(name, undefined);
  }
  return () => void vi.unstubAllEnvs();
});

test('without a word from outside: found out, with every cloud at its own address', () => {
  expect(noticeSettings()).toEqual({
    profile: 'auto',
    hint: null,
    clouds: CLOUD_FACTS,
    requestMs: 2000,
    detectMs: 1000,
    signalSeconds: null,
    marginSeconds: 5,
    rebalance: 'note',
  });
});

test.each(CLOUDS)('address, window and period of %s are settings', (name) => {
  const prefix = `DREAM_SFT_${name.toUpperCase()}`;
  vi.stubEnv(`${prefix}_URL`, `http://127.0.0.1:1338/${name}/`);
  vi.stubEnv(`${prefix}_WINDOW_SECONDS`, '7.5');
  vi.stubEnv(`${prefix}_POLL_MS`, '20');
  const { clouds } = noticeSettings();
  const own = { endpoint: `http://127.0.0.1:1338/${name}`, windowSeconds: 7.5, pollMs: 20 };
  expect(clouds).toEqual({ ...CLOUD_FACTS, [name]: own });
});

test('a child process comes to the same settings', () => {
  vi.stubEnv('DREAM_SFT_CLOUD', 'gcp');
  vi.stubEnv('DREAM_SFT_GCP_URL', 'http://127.0.0.1:1338/gcp');
  vi.stubEnv('DREAM_SFT_SIGNAL_SECONDS', '0');
  vi.stubEnv('DREAM_SFT_NOTICE_MARGIN_SECONDS', '0.5');
  vi.stubEnv('DREAM_SFT_REBALANCE', 'leave');
  const settings = noticeSettings();
  expect(settings).toMatchObject({ profile: 'gcp', signalSeconds: 0, rebalance: 'leave' });
  for (const [name, value] of Object.entries(noticeEnvironment(settings))) vi.stubEnv(name, value);
  expect(noticeSettings()).toEqual(settings);
});

test.each([
  ['RUNPOD_POD_ID', 'runpod'],
  ['VAST_CONTAINERLABEL', 'vast'],
  ['AutoDLContainerUUID', 'autodl'],
])('%s gives %s away', (variable, hint) => {
  vi.stubEnv(variable, 'x');
  expect(noticeSettings().hint).toBe(hint);
});

test.each([
  ['DREAM_SFT_CLOUD', 'moon', 'is none of auto, aws, aliyun, '],
  ['DREAM_SFT_REBALANCE', 'maybe', 'is none of note, leave.'],
  ['DREAM_SFT_AWS_URL', '169.254.169.254', 'is no address that begins with http://.'],
  ['DREAM_SFT_AWS_WINDOW_SECONDS', '-1', 'is no number of seconds.'],
  ['DREAM_SFT_SIGNAL_SECONDS', 'soon', 'is no number of seconds.'],
  ['DREAM_SFT_AZURE_POLL_MS', '0', 'is no number of milliseconds.'],
])('%s=%s is refused by name', (variable, value, why) => {
  vi.stubEnv(variable, value);
  expect(() => noticeSettings()).toThrow(`${variable}=${value} ${why}`);
});

test.each(['docs/notices.md', 'docs/notices.zh-CN.md'])('%s names every setting', (name) => {
  const told = readFileSync(fileURLToPath(new URL(`../../${name}`, import.meta.url)), 'utf8');
  // What each cloud has is told once, of the first of them.
  const others = CLOUDS.slice(1).map((cloud) => `_${cloud.toUpperCase()}_`);
  const missing = Object.keys(noticeEnvironment(noticeSettings()))
    .filter((variable) => !others.some((other) => variable.includes(other)))
    .filter((variable) => !told.includes(`\`${variable}\``));
  expect(missing).toEqual([]);
});
