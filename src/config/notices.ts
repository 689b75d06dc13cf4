import { CLOUDS, type CloudName, type ProfileName, PROFILES } from '../contracts/notice.js';
import { CLOUD_FACTS, type CloudFacts } from '../notices/profiles.js';
import type { NoticeSettings } from '../notices/settings.js';
import { ConfigError, milliseconds, oneOf, said, seconds } from './reading.js';

const PROFILE_CHOICES = ['auto', ...PROFILES] as const;
const REBALANCE_CHOICES = ['note', 'leave'] as const;

/** Set in every container of these platforms. */
const MARKS: readonly (readonly [string, ProfileName])[] = [
  ['RUNPOD_POD_ID', 'runpod'],
  ['VAST_CONTAINERLABEL', 'vast'],
  ['AutoDLContainerUUID', 'autodl'],
];

const variableOf = (name: CloudName, what: 'URL' | 'WINDOW_SECONDS' | 'POLL_MS'): string =>
  `DREAM_SFT_${name.toUpperCase()}_${what}`;

export function noticeSettings(): NoticeSettings {
  return Object.freeze({
    profile: oneOf('DREAM_SFT_CLOUD', PROFILE_CHOICES, 'auto'),
    hint: MARKS.find(([variable]) => said(variable) !== undefined)?.[1] ?? null,
    clouds: Object.freeze(
      Object.fromEntries(CLOUDS.map((name) => [name, cloudSettings(name)])),
    ) as NoticeSettings['clouds'],
    requestMs: milliseconds('DREAM_SFT_METADATA_TIMEOUT_MS', 2000),
    detectMs: milliseconds('DREAM_SFT_METADATA_DETECT_MS', 1000),
    signalSeconds: said('DREAM_SFT_SIGNAL_SECONDS') ? seconds('DREAM_SFT_SIGNAL_SECONDS', 0) : null,
    marginSeconds: seconds('DREAM_SFT_NOTICE_MARGIN_SECONDS', 5),
    rebalance: oneOf('DREAM_SFT_REBALANCE', REBALANCE_CHOICES, 'note'),
  });
}

function cloudSettings(name: CloudName): CloudFacts {
  const usual = CLOUD_FACTS[name];
  return {
    endpoint: endpoint(variableOf(name, 'URL'), usual.endpoint),
    windowSeconds: seconds(variableOf(name, 'WINDOW_SECONDS'), usual.windowSeconds),
    pollMs: milliseconds(variableOf(name, 'POLL_MS'), usual.pollMs),
  };
}

function endpoint(variable: string, otherwise: string): string {
  const text = said(variable);
  if (text === undefined) return otherwise;
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text.replace(/\/+$/, '');
  throw new ConfigError(`${variable}=${text} is no address that begins with http://.`);
}

/** The same settings for a child process; what stands as usual need not be said. */
export function noticeEnvironment(settings: NoticeSettings): Record<string, string> {
  const { profile, requestMs, detectMs, signalSeconds, marginSeconds, rebalance } = settings;
  return {
    DREAM_SFT_CLOUD: profile,
    DREAM_SFT_METADATA_TIMEOUT_MS: String(requestMs),
    DREAM_SFT_METADATA_DETECT_MS: String(detectMs),
    DREAM_SFT_SIGNAL_SECONDS: signalSeconds === null ? '' : String(signalSeconds),
    DREAM_SFT_NOTICE_MARGIN_SECONDS: String(marginSeconds),
    DREAM_SFT_REBALANCE: rebalance,
    ...Object.assign({}, ...CLOUDS.map((name) => cloudEnvironment(name, settings.clouds[name]))),
  };
}

function cloudEnvironment(name: CloudName, facts: CloudFacts): Record<string, string> {
  return {
    [variableOf(name, 'URL')]: facts.endpoint,
    [variableOf(name, 'WINDOW_SECONDS')]: String(facts.windowSeconds),
    [variableOf(name, 'POLL_MS')]: String(facts.pollMs),
  };
}
