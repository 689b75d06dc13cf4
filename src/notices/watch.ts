import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { CloudName, Notice } from '../contracts/notice.js';
import type { Ask, Told } from './cloud.js';
import { WATCHED } from './clouds.js';
import { Metadata } from './metadata.js';
import { stopTime } from './times.js';

export interface WatchSettings {
  readonly endpoint: string;
  readonly windowSeconds: number;
  readonly pollMs: number;
  /** For one answer that is not meant to hang. */
  readonly requestMs: number;
}

export interface Watching {
  readonly now: () => Date;
  readonly log: Logger;
  readonly onNotice: (notice: Notice) => void;
  /** Ends the watch, a request that hangs included. */
  readonly signal: AbortSignal;
}

/** Asks one cloud again and again until the signal; trouble is logged once and never ends it. */
export async function watchCloud(
  name: CloudName,
  settings: WatchSettings,
  { now, log, onNotice, signal }: Watching,
): Promise<void> {
  const metadata = new Metadata(settings.endpoint, settings.requestMs, signal);
  const ask = WATCHED[name].watch(metadata, now);
  const news = new News(name, settings.windowSeconds, now);
  const trouble = new Trouble(name, log);
  while (!signal.aborted) {
    for (const notice of news.of(await askOnce(ask, trouble, signal))) onNotice(notice);
    await sleep(settings.pollMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

async function askOnce(ask: Ask, trouble: Trouble, signal: AbortSignal): Promise<readonly Told[]> {
  try {
    const told = await ask();
    trouble.over();
    return told;
  } catch (error) {
    if (!signal.aborted) trouble.met(error);
    return [];
  }
}

/** What has not been told before: a standing notice is repeated at every question. */
class News {
  readonly #told = new Set<string>();

  constructor(
    private readonly source: CloudName,
    private readonly windowSeconds: number,
    private readonly now: () => Date,
  ) {}

  of(told: readonly Told[]): Notice[] {
    return told.flatMap((one) => {
      const key = `${one.kind} ${one.action} ${one.stopAt?.getTime() ?? ''}`;
      if (this.#told.has(key)) return [];
      this.#told.add(key);
      return [this.#noticeOf(one)];
    });
  }

  #noticeOf({ kind, action, stopAt, serverDate }: Told): Notice {
    const { source, windowSeconds } = this;
    const seenAt = this.now();
    const ends = stopTime({ stopAt, serverDate, seenAt, windowSeconds });
    return {
      kind,
      source,
      action: action.slice(0, 60),
      stopAt: kind === 'stop' ? ends.toISOString() : null,
      seenAt: seenAt.toISOString(),
    };
  }
}

/** Logged when it begins, changes or ends; a service that is away for a day fills no log. */
class Trouble {
  #last: string | null = null;

  constructor(
    private readonly source: CloudName,
    private readonly log: Logger,
  ) {}

  met(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    if (why === this.#last) return;
    this.#last = why;
    this.log.warn({ source: this.source, why }, 'no notice could come through');
  }

  over(): void {
    if (this.#last === null) return;
    this.#last = null;
    this.log.info({ source: this.source }, 'notices can come through again');
  }
}
