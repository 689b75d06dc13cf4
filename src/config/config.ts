import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NoticeSettings } from '../notices/settings.js';
import type { StoreCredentials } from '../store/open-store.js';
import { noticeEnvironment, noticeSettings } from './notices.js';
import { ConfigError, gigabytes, milliseconds, oneOf, said } from './reading.js';

export { ConfigError } from './reading.js';

/** Everything that comes from outside: environment, profile and home folder. Frozen. */
export interface Config {
  /** State of this machine: `.dream-sft` below the working directory, or DREAM_SFT_HOME. */
  readonly home: string;
  /** Root of the installed project. */
  readonly root: string;
  readonly trainerFolder: string;
  readonly python: string;
  readonly temporal: string;
  readonly connection: ConnectionSettings;
  readonly namespace: string;
  readonly uiUrl: string | null;
  readonly hostname: string;
  /** CUDA_VISIBLE_DEVICES as it stands: cards by number or UUID; null: all of the machine. */
  readonly visibleCards: string | null;
  readonly logLevel: string;
  /** How often a worker lets a heartbeat through to the server. */
  readonly heartbeatThrottleMs: number;
  /** Unix socket of a demo; whatever runs under a guard dies when it closes. */
  readonly lifetimeSocket: string | null;
  /** How long hosts of this machine live on when whoever holds that socket is killed. */
  readonly hostPatienceMs: number;
  /** For a store in a bucket; null: what the machine itself may use, as by its role in a cloud. */
  readonly storeCredentials: StoreCredentials | null;
  /** Of the host's cache of downloaded files; while they are in use they may be more. */
  readonly cacheBytes: number;
  /** Who tells a GPU worker that its host will be taken, and what it does then. */
  readonly notices: NoticeSettings;
}

export interface ConnectionSettings {
  readonly address: string;
  readonly [option: string]: unknown;
}

export interface ServerRecord {
  readonly address: string;
  readonly uiUrl: string;
  readonly pid: number;
}

const ROOT = resolve(fileURLToPath(new URL('../../', import.meta.url)));
const DEFAULT_ADDRESS = '127.0.0.1:7233';

export const serverRecordPath = (home: string): string => join(home, 'server.json');

export function loadConfig(overrides: Partial<Config> = {}): Config {
  const home = overrides.home ?? resolve(said('DREAM_SFT_HOME') ?? '.dream-sft');
  const server = readServerRecord(home);
  const profile = readProfile();
  const named = profile.connectionOptions.address;
  const address = named ?? server?.address ?? DEFAULT_ADDRESS;
  return Object.freeze({
    home,
    root: ROOT,
    trainerFolder: join(ROOT, 'trainer'),
    python: said('DREAM_SFT_PYTHON') ?? join(ROOT, '.venv', 'bin', 'python'),
    temporal: said('DREAM_SFT_TEMPORAL') ?? join(ROOT, '.venv', 'bin', 'temporal'),
    connection: Object.freeze({ ...profile.connectionOptions, address }),
    namespace: profile.namespace ?? 'default',
    uiUrl: said('DREAM_SFT_UI_URL') ?? (named ? null : (server?.uiUrl ?? null)),
    hostname: hostname(),
    // Set to nothing it means no card at all.
    visibleCards: process.env['CUDA_VISIBLE_DEVICES'] ?? null,
    logLevel: oneOf('DREAM_SFT_LOG_LEVEL', LOG_LEVELS, 'info'),
    heartbeatThrottleMs: milliseconds('DREAM_SFT_HEARTBEAT_THROTTLE_MS', 1000),
    lifetimeSocket: said('DREAM_SFT_LIFETIME_SOCKET') ?? null,
    hostPatienceMs: milliseconds('DREAM_SFT_HOST_PATIENCE_MS', 0),
    storeCredentials: storeCredentials(),
    cacheBytes: 1e9 * gigabytes('DREAM_SFT_CACHE_GB', 60),
    notices: noticeSettings(),
    ...overrides,
  });
}

/** Only the first line of what went wrong: the next ones may show lines of a file that holds keys. */
function readProfile(): ReturnType<typeof loadClientConnectConfig> {
  try {
    return loadClientConnectConfig();
  } catch (error) {
    const [why = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new ConfigError(
      `The settings of the Temporal client cannot be used: ${why.replace(/\.$/, '')}.\n` +
        'Mend the TEMPORAL_… variables, or the file that TEMPORAL_CONFIG_FILE names.',
    );
  }
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** Only from the environment: a plan and its history are read by many. */
function storeCredentials(): StoreCredentials | null {
  const accessKeyId = process.env['AWS_ACCESS_KEY_ID'];
  const secretAccessKey = process.env['AWS_SECRET_ACCESS_KEY'];
  const sessionToken = process.env['AWS_SESSION_TOKEN'];
  if (!accessKeyId || !secretAccessKey) return null;
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}

export function readServerRecord(home: string): ServerRecord | null {
  const path = serverRecordPath(home);
  if (!existsSync(path)) return null;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ServerRecord;
  } catch {
    return null;
  }
}

/** Environment of a child process that must come to the same configuration as this one. */
export function childEnvironment(config: Config): Record<string, string> {
  return {
    DREAM_SFT_HOME: config.home,
    DREAM_SFT_LOG_LEVEL: config.logLevel,
    DREAM_SFT_HEARTBEAT_THROTTLE_MS: String(config.heartbeatThrottleMs),
    DREAM_SFT_CACHE_GB: String(config.cacheBytes / 1e9),
    ...noticeEnvironment(config.notices),
    ...(config.hostPatienceMs > 0
      ? { DREAM_SFT_HOST_PATIENCE_MS: String(config.hostPatienceMs) }
      : {}),
    ...(config.lifetimeSocket ? { DREAM_SFT_LIFETIME_SOCKET: config.lifetimeSocket } : {}),
  };
}
