import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CloudName } from '../contracts/notice.js';
import { mockAliyun } from './aliyun.js';
import { mockAws } from './aws.js';
import { mockAzure } from './azure.js';
import { MockBehaviour, type MockBehaviourInput } from './behaviour.js';
import { mockGcp } from './gcp.js';
import type { MockCloud, Scene } from './scene.js';
import { mockTencent } from './tencent.js';
import { mockVolcengine } from './volcengine.js';

export const MOCKS: Readonly<Record<CloudName, MockCloud>> = {
  aws: mockAws,
  aliyun: mockAliyun,
  tencent: mockTencent,
  volcengine: mockVolcengine,
  gcp: mockGcp,
  azure: mockAzure,
};

/** What one mocked cloud was told, and since when. */
export class Mocked {
  behaviour: MockBehaviour = MockBehaviour.parse({});
  readonly #tokens = new Set<string>();
  readonly #news = new EventEmitter();
  #since = Date.now();

  /** From now on; what it was told before is forgotten. */
  tell(behaviour: MockBehaviourInput): void {
    this.behaviour = MockBehaviour.parse(behaviour);
    this.#since = Date.now();
    this.#news.emit('told');
  }

  /** On its own clock. */
  now(): Date {
    return new Date(Date.now() + this.behaviour.skewSeconds * 1000);
  }

  scene(): Scene {
    const { noticeAfterSeconds, stopAfterSeconds, rebalanceAfterSeconds } = this.behaviour;
    return {
      behaviour: this.behaviour,
      stopAt: this.#standing(noticeAfterSeconds, stopAfterSeconds),
      rebalancedAt: this.#standing(rebalanceAfterSeconds, 0),
      tokens: this.#tokens,
      changed: (seconds) => this.#changed(seconds),
    };
  }

  /** Null until so many seconds have passed; then the time that it tells. */
  #standing(afterSeconds: number | null, tellsSeconds: number): Date | null {
    if (afterSeconds === null || Date.now() < this.#since + afterSeconds * 1000) return null;
    const { skewSeconds } = this.behaviour;
    return new Date(this.#since + (afterSeconds + tellsSeconds + skewSeconds) * 1000);
  }

  async #changed(seconds: number): Promise<Scene> {
    const over = new AbortController();
    const { signal } = over;
    const told = once(this.#news, 'told', { signal }).catch(() => undefined);
    const until = Math.min(seconds * 1000, this.#untilNotice());
    const later = sleep(until, undefined, { signal, ref: false }).catch(() => undefined);
    await Promise.race([told, later]);
    over.abort();
    return this.scene();
  }

  #untilNotice(): number {
    const { noticeAfterSeconds } = this.behaviour;
    if (noticeAfterSeconds === null) return Number.POSITIVE_INFINITY;
    const left = this.#since + noticeAfterSeconds * 1000 - Date.now();
    return left > 0 ? left : Number.POSITIVE_INFINITY;
  }
}
