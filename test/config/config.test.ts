import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { childEnvironment, loadConfig, serverRecordPath } from '../../src/config/config.js';
import { temporaryFolder } from '../support/temporary-folder.js';

beforeEach(() => {
  for (const name of Object.keys(process.env)) {
    if (/^(DREAM_SFT|TEMPORAL)_/.test(name)) vi.stubEnv(name, undefined);
  }
  // No profile of the person who runs the tests.
  vi.stubEnv('TEMPORAL_CONFIG_FILE', join('/nonexistent', 'temporal.toml'));
  return () => void vi.unstubAllEnvs();
});

function homeWithServer(): string {
  const home = temporaryFolder();
  const server = { address: '127.0.0.1:9001', uiUrl: 'http://127.0.0.1:9002', pid: 1 };
  writeFileSync(serverRecordPath(home), JSON.stringify(server));
  return home;
}

test('without a word from outside: the default address', () => {
  const config = loadConfig({ home: temporaryFolder() });
  expect(config.connection.address).toBe('127.0.0.1:7233');
  expect(config).toMatchObject({ namespace: 'default', uiUrl: null, lifetimeSocket: null });
});

test('the server of this home comes before the default', () => {
  expect(loadConfig({ home: homeWithServer() })).toMatchObject({
    connection: { address: '127.0.0.1:9001' },
    uiUrl: 'http://127.0.0.1:9002',
  });
});

test('a named address comes before the server of this home, whose UI is not claimed for it', () => {
  vi.stubEnv('TEMPORAL_ADDRESS', 'server.example:7233');
  expect(loadConfig({ home: homeWithServer() })).toMatchObject({
    connection: { address: 'server.example:7233' },
    uiUrl: null,
  });
});

test('a profile file is read', () => {
  const file = join(temporaryFolder(), 'temporal.toml');
  writeFileSync(file, '[profile.default]\naddress = "profile.example:7233"\nnamespace = "team"\n');
  vi.stubEnv('TEMPORAL_CONFIG_FILE', file);
  expect(loadConfig({ home: temporaryFolder() })).toMatchObject({
    connection: { address: 'profile.example:7233' },
    namespace: 'team',
  });
});

test('a half-written server record is as good as none', () => {
  const home = temporaryFolder();
  writeFileSync(serverRecordPath(home), '{"address": "127');
  expect(loadConfig({ home }).connection.address).toBe('127.0.0.1:7233');
});

test('a number that is none is refused by name', () => {
  vi.stubEnv('DREAM_SFT_HEARTBEAT_THROTTLE_MS', 'soon');
  expect(() => loadConfig({ home: temporaryFolder() })).toThrow(
    'DREAM_SFT_HEARTBEAT_THROTTLE_MS=soon is no number of milliseconds.',
  );
});

test('a log level that is none is refused by name', () => {
  vi.stubEnv('DREAM_SFT_LOG_LEVEL', 'loud');
  expect(() => loadConfig({ home: temporaryFolder() })).toThrow(
    'DREAM_SFT_LOG_LEVEL=loud is none of trace, debug, info, warn, error, fatal, silent.',
  );
});

test('a variable that is set to nothing counts as not set', () => {
  const usual = loadConfig();
  for (const name of ['HOME', 'PYTHON', 'TEMPORAL', 'UI_URL', 'LOG_LEVEL', 'LIFETIME_SOCKET'])
    vi.stubEnv(`DREAM_SFT_${name}`, '');
  vi.stubEnv('DREAM_SFT_HEARTBEAT_THROTTLE_MS', '');
  expect(loadConfig()).toEqual(usual);
});

test('a broken profile is told in two lines, and none of its own are shown', () => {
  const file = join(temporaryFolder(), 'temporal.toml');
  writeFileSync(file, '[profile.default]\napi_key = "key-of-mine\n');
  vi.stubEnv('TEMPORAL_CONFIG_FILE', file);
  const load = (): unknown => loadConfig({ home: temporaryFolder() });
  expect(load).toThrow(
    /^The settings of the Temporal client cannot be used: Invalid TOML .*\.\n.*$/,
  );
  expect(load).not.toThrow('key-of-mine');
  expect(load).toThrow(expect.objectContaining({ exitCode: 2 }));
});

test('a profile that is not there is refused by name', () => {
  vi.stubEnv('TEMPORAL_PROFILE', 'nope');
  expect(() => loadConfig({ home: temporaryFolder() })).toThrow(
    "The settings of the Temporal client cannot be used: Profile 'nope' not found in config data.",
  );
});

test('a child with childEnvironment comes to the same configuration', () => {
  const home = join(temporaryFolder(), 'elsewhere');
  mkdirSync(home);
  const config = loadConfig({
    home,
    logLevel: 'debug',
    heartbeatThrottleMs: 250,
    lifetimeSocket: '/run/life',
  });
  for (const [name, value] of Object.entries(childEnvironment(config))) vi.stubEnv(name, value);
  expect(loadConfig()).toEqual(config);
});

test('credentials of the store come from the environment, whole or not at all', () => {
  const home = temporaryFolder();
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'id');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', '');
  vi.stubEnv('AWS_SESSION_TOKEN', '');
  expect(loadConfig({ home }).storeCredentials).toBeNull();
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  const key = { accessKeyId: 'id', secretAccessKey: 'secret' };
  expect(loadConfig({ home }).storeCredentials).toEqual(key);
  vi.stubEnv('AWS_SESSION_TOKEN', 'token');
  const config = loadConfig({ home });
  expect(config.storeCredentials).toEqual({ ...key, sessionToken: 'token' });
  // A child inherits them; they stand in no argument and no list of ours.
  expect(JSON.stringify(childEnvironment(config))).not.toContain('secret');
});

test('a configuration cannot be changed', () => {
  const config = loadConfig({ home: temporaryFolder() });
  expect(() => Object.assign(config, { home: '/' })).toThrow(TypeError);
});

test('the size of the cache is a number of gigabytes, and a child process has the same', () => {
  vi.stubEnv('DREAM_SFT_CACHE_GB', '');
  expect(loadConfig().cacheBytes).toBe(60e9);
  vi.stubEnv('DREAM_SFT_CACHE_GB', '2.5');
  expect(loadConfig().cacheBytes).toBe(2.5e9);
  expect(childEnvironment(loadConfig())['DREAM_SFT_CACHE_GB']).toBe('2.5');
  vi.stubEnv('DREAM_SFT_CACHE_GB', '10 GB');
  expect(() => loadConfig()).toThrow('DREAM_SFT_CACHE_GB=10 GB is no number of gigabytes.');
});
