import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { CLOUDS, type CloudName, type Notice, type ProfileName } from '../contracts/notice.js';
import { detectCloud } from '../notices/detect.js';
import { Departure, isStop } from '../notices/departure.js';
import { PROFILE_FACTS } from '../notices/profiles.js';
import type { NoticeSettings } from '../notices/settings.js';
import { watchCloud } from '../notices/watch.js';

/** A network that is only just coming up answers later. */
const DETECT_AGAIN_MS = [10_000, 60_000] as const;

export interface Departing {
  readonly log: Logger;
  readonly now: () => Date;
  /** Calls back once, when the process is asked to end. */
  readonly onAsked: (listener: (signal: string) => void) => void;
  readonly onProfile: (profile: ProfileName) => void;
  /** Ends what watches. */
  readonly signal: AbortSignal;
}

/** What says that this host goes: a SIGTERM or Ctrl-C, and its cloud, which is found out beside it. */
export function watchDeparture(settings: NoticeSettings, departing: Departing): Departure {
  const { log, now, onAsked, onProfile, signal } = departing;
  const departure = new Departure();
  let profile: ProfileName = 'none';
  onAsked((action) => {
    const seconds = settings.signalSeconds ?? PROFILE_FACTS[profile].signalSeconds;
    departure.tell({ ...stopIn(seconds, now()), source: 'signal', action });
  });
  const watching = async (): Promise<void> => {
    profile = await profileOf(settings, signal);
    if (signal.aborted) return;
    onProfile(profile);
    log.info({ profile, stops: PROFILE_FACTS[profile].en }, 'where this host stands');
    const cloud = CLOUDS.find((name) => name === profile);
    if (cloud === undefined) return;
    const onNotice = (notice: Notice): void => take(departure, settings, cloud, notice, log);
    const watch = { ...settings.clouds[cloud], requestMs: settings.requestMs };
    await watchCloud(cloud, watch, { now, log, onNotice, signal });
  };
  watching().catch((error: unknown) => {
    log.error({ why: String(error) }, 'no notice is watched for');
  });
  return departure;
}

const stopIn = (seconds: number, seenAt: Date) => ({
  kind: 'stop' as const,
  stopAt: new Date(seenAt.getTime() + seconds * 1000).toISOString(),
  seenAt: seenAt.toISOString(),
});

function take(
  departure: Departure,
  settings: NoticeSettings,
  cloud: CloudName,
  notice: Notice,
  log: Logger,
): void {
  log.warn({ notice }, 'a notice');
  if (isStop(notice)) return departure.tell(notice);
  if (settings.rebalance === 'note') return;
  // It promises no time; the stop that may follow gives at least this.
  const { windowSeconds } = settings.clouds[cloud];
  const stop = stopIn(windowSeconds, new Date(notice.seenAt));
  departure.tell({ ...stop, source: notice.source, action: notice.action });
}

/** As set, as the platform's variables say, or by the metadata service that answers. */
async function profileOf(settings: NoticeSettings, signal: AbortSignal): Promise<ProfileName> {
  const { profile, hint, clouds, detectMs } = settings;
  if (profile !== 'auto') return profile;
  if (hint !== null) return hint;
  const endpoints = Object.fromEntries(
    CLOUDS.map((name) => [name, clouds[name].endpoint]),
  ) as Record<CloudName, string>;
  for (const wait of [...DETECT_AGAIN_MS, null]) {
    const found = await detectCloud(endpoints, detectMs, signal);
    if (found !== null || wait === null) return found ?? 'none';
    await sleep(wait, undefined, { signal, ref: false }).catch(() => undefined);
    if (signal.aborted) break;
  }
  return 'none';
}
