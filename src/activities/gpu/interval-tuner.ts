import { dirname } from 'node:path';
import { Context } from '@temporalio/activity';
import type { TrainerEvent } from '../../contracts/events.js';
import { type AutoInterval, type ChosenInterval, isNews } from '../../contracts/interval.js';
import type { StageDeps } from '../deps.js';
import type { Beat } from '../trainer/beat.js';
import type { CheckpointCost } from './checkpoint-cost.js';
import { chooseInterval, type MeasuredCost } from './checkpoint-interval.js';
import type { Hold } from './hold.js';
import { expectedSeconds, interruptionsOf } from './interruption-rate.js';
import { Slowdown } from './slowdown.js';
import { tellTrainer, type ToldTrainer } from './staged.js';

/** What the stage has besides. */
export interface TunerTools {
  readonly deps: StageDeps;
  readonly hold: Hold;
  readonly beat: Beat;
  readonly cost: CheckpointCost;
  /** What an earlier attempt has measured counts until this one has measured its own. */
  readonly earlier: ChosenInterval | null;
}

/** Tells a running training how often to take a checkpoint, by what it has measured so far. */
export class IntervalTuner {
  readonly #slowdown = new Slowdown();
  readonly #detectionSeconds: number;
  #chosen: ChosenInterval | null = null;
  #noted: ChosenInterval | null;
  #writing = false;
  /** Milliseconds since 1970; null: none is on its way to the store. */
  #publishingSince: number | null = null;
  /** One after another, so that the last word is the last. */
  #telling: Promise<void> = Promise.resolve();

  constructor(
    private readonly tools: TunerTools,
    /** Null: the plan fixes the interval, and this one only measures. */
    private readonly auto: AutoInterval | null,
  ) {
    this.#noted = tools.earlier;
    this.#detectionSeconds = (Context.current().info.heartbeatTimeoutMs ?? 0) / 1000;
  }

  /** For the spec of this attempt's trainer; null: the plan fixes it. */
  async begin(): Promise<number | null> {
    if (this.auto === null) return null;
    const chosen = await this.#choose(this.auto);
    this.#show(chosen);
    return chosen.seconds;
  }

  see(event: TrainerEvent): void {
    if (event.type === 'checkpoint-ready') {
      this.#writing = false;
      const { step, seconds, stallSeconds } = event;
      this.tools.cost.stalled(stallSeconds);
      this.tools.deps.log.info({ step, seconds, stallSeconds }, 'checkpoint saved');
      this.#holdBack(dirname(event.folder));
    }
    if (event.type !== 'step') return;
    // The stall that a step tells is of the checkpoint taken just before it.
    if (event.secondsCheckpoint > 0) this.#writing = true;
    this.#slowdown.step(event.secondsCompute, this.#writing || this.#publishingSince !== null);
  }

  /** Whether one is on its way to the store: steps are slower beside it. */
  publishing(underWay: boolean): void {
    this.#publishingSince = underWay ? this.tools.deps.now().getTime() : null;
  }

  /** In the trainer's folder, once a checkpoint was published: it reads that between two steps. */
  async published(folder: string, seconds: number): Promise<void> {
    const step = this.tools.beat.progress.publishedStep;
    this.tools.deps.log.info({ step, seconds }, 'checkpoint published');
    const chosen = this.auto === null ? null : await this.#choose(this.auto);
    await this.#tell(folder, { seconds, everySeconds: chosen?.seconds ?? null });
    if (chosen === null) return;
    this.#show(chosen);
    await this.#note(chosen);
  }

  /** The last that was chosen, for the result of the stage. */
  get chosen(): ChosenInterval | null {
    return this.#chosen;
  }

  /**
   * One is ready while another is still on its way, so publishing takes longer than was known: twice
   * as long as so far, until it is over. Else all that come meanwhile would be taken for nothing.
   */
  #holdBack(folder: string): void {
    if (this.#publishingSince === null) return;
    const { deps, cost } = this.tools;
    const seconds = (2 * (deps.now().getTime() - this.#publishingSince)) / 1000;
    if (seconds <= (cost.recentPublishSeconds ?? 0)) return;
    const told = this.#tell(folder, { seconds, everySeconds: this.#chosen?.seconds ?? null });
    told.catch((error: unknown) => {
      deps.log.warn({ why: String(error) }, 'time of publishing not told');
    });
  }

  #tell(folder: string, told: ToldTrainer): Promise<void> {
    const telling = this.#telling.then(() => tellTrainer(folder, told));
    this.#telling = telling.catch(() => undefined);
    return telling;
  }

  async #choose(auto: AutoInterval): Promise<ChosenInterval> {
    const { deps, hold } = this.tools;
    const { chain, token } = hold;
    const { hoursBetweenInterruptions: hours } = auto;
    const expected =
      hours === undefined ? expectedSeconds(deps.hostProfile?.() ?? 'none') : 3600 * hours;
    return chooseInterval({
      auto,
      cost: this.#cost(),
      interruptions: interruptionsOf(await chain.fold(), {
        expectedSeconds: expected,
        detectionSeconds: this.#detectionSeconds,
        token,
        now: deps.now().getTime(),
      }),
      detectionSeconds: this.#detectionSeconds,
    });
  }

  #show(chosen: ChosenInterval): void {
    this.#chosen = chosen;
    this.tools.beat.set({ interval: chosen });
  }

  #cost(): MeasuredCost {
    const { stallSeconds, recentSaveSeconds, recentPublishSeconds } = this.tools.cost;
    const [saveSeconds, publishSeconds] = [recentSaveSeconds, recentPublishSeconds];
    if (stallSeconds === null || saveSeconds === null) return this.tools.earlier ?? UNMEASURED;
    const besides = Math.max(0, saveSeconds - stallSeconds) + (publishSeconds ?? 0);
    const costSeconds = stallSeconds + this.#slowdown.share * besides;
    return { costSeconds, saveSeconds, publishSeconds };
  }

  async #note(chosen: ChosenInterval): Promise<void> {
    if (!isNews(this.#noted, chosen)) return;
    this.#noted = chosen;
    this.tools.deps.log.info({ ...chosen }, 'checkpoint interval');
    await this.tools.hold.write((chain, token) => chain.interval(token, chosen));
  }
}

const UNMEASURED: MeasuredCost = { costSeconds: null, saveSeconds: null, publishSeconds: null };
