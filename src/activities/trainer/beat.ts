import { Context } from '@temporalio/activity';
import type { StageInput } from '../../contracts/activities.js';
import type { TrainerEvent } from '../../contracts/events.js';
import type { StageProgress } from '../../contracts/progress.js';
import { cpuPercent, type CpuSample, sampleCpu } from '../../processes/cpu-use.js';
import { timingOf, type StageDeps } from '../deps.js';
import { GpuWatch } from './gpu-watch.js';
import { beginning, detailsOf, LINE_BYTES } from './heartbeat-details.js';
import { HeartbeatThrottle } from './heartbeat-throttle.js';
import { Orders } from './orders.js';
import { Pace } from './pace.js';

const LOG_LINES = 4;

/** The heartbeat: always the whole progress object, from a timer that no trainer can starve. */
export class Beat {
  #progress: StageProgress;
  #timer: NodeJS.Timeout | null = null;
  #cpu: CpuSample | null = null;
  readonly #gpus = new GpuWatch();
  readonly #throttle: HeartbeatThrottle;
  readonly pace: Pace;

  constructor(
    private readonly deps: StageDeps,
    private readonly input: StageInput,
    unit: StageProgress['unit'],
    private readonly orders: Orders = new Orders(),
  ) {
    const { beatMs, heartbeatShare } = timingOf(deps);
    const { attempt, heartbeatTimeoutMs = 0 } = Context.current().info;
    this.pace = new Pace(beatMs, deps.now().getTime());
    this.#throttle = new HeartbeatThrottle(heartbeatTimeoutMs * heartbeatShare, beatMs);
    this.#progress = {
      phase: 'preparing',
      attempt,
      token: null,
      host: deps.host.id,
      trainerPid: null,
      done: 0,
      total: null,
      unit,
      loss: null,
      tokensPerSecond: null,
      etaSeconds: null,
      tallies: [],
      waitsFor: null,
      publishedStep: null,
      publishedDigest: null,
      interval: null,
      cpuPercent: null,
      gpu: null,
      log: [],
      resumedInexactly: false,
      at: deps.now().toISOString(),
    };
  }

  get progress(): StageProgress {
    return this.#progress;
  }

  /** The first beat goes out at once: the server's timer runs since the attempt's start. */
  start(): void {
    this.#send();
    this.#timer = setInterval(() => this.#tick(), timingOf(this.deps).beatMs);
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#send();
    this.deps.onWork?.(null, this.deps.store);
  }

  set(change: Partial<StageProgress>): void {
    this.#progress = { ...this.#progress, ...change };
  }

  line(text: string): void {
    const log = [...this.#progress.log, beginning(text, LINE_BYTES)].slice(-LOG_LINES);
    this.set({ log });
  }

  see(event: TrainerEvent): void {
    this.pace.sign(this.deps.now().getTime());
    if (event.type === 'started') this.pace.forget();
    switch (event.type) {
      case 'ready':
        return this.set({ phase: 'running', done: event.step, total: event.totalSteps });
      case 'step':
        this.#measure(event.step, event.totalSteps);
        return this.set({
          phase: 'running',
          done: event.step,
          total: event.totalSteps,
          ...(event.loss === null ? {} : { loss: event.loss }),
          tokensPerSecond: event.tokensPerSecond,
        });
      case 'answers': {
        this.#measure(event.batchesDone, event.batchesTotal);
        const { suite, correct, done, batchesDone, batchesTotal } = event;
        const others = this.#progress.tallies.filter((one) => one.suite !== suite);
        const tallies = [...others, { suite, correct, done }];
        return this.set({ phase: 'running', done: batchesDone, total: batchesTotal, tallies });
      }
      case 'progress':
        return this.set({ done: event.done, total: event.total });
      case 'resumed_inexactly':
        return this.set({ resumedInexactly: true });
      case 'warning':
        return this.line(`warning: ${event.message}`);
      default:
    }
  }

  #measure(done: number, total: number): void {
    this.pace.measure(done, this.deps.now().getTime());
    const { secondsEach } = this.pace;
    if (secondsEach !== null) this.set({ etaSeconds: Math.max(0, total - done) * secondsEach });
    if (done >= total) this.pace.forget();
  }

  #tick(): void {
    this.pace.look(this.deps.now().getTime());
    const pid = this.#progress.trainerPid;
    if (pid !== null) {
      const sample = sampleCpu(pid, this.deps.now().getTime());
      if (sample && this.#cpu) this.set({ cpuPercent: cpuPercent(this.#cpu, sample) });
      this.#cpu = sample;
    }
    this.set({ gpu: this.#gpus.look() });
    const { planId, stage } = this.input;
    this.deps.onWork?.({ planId, stage, step: this.#progress.done }, this.deps.store);
    if (this.#throttle.due(performance.now())) this.#send();
  }

  #send(): void {
    this.#throttle.sent(performance.now());
    this.set({ at: this.deps.now().toISOString() });
    this.orders.heartbeat(detailsOf(this.#progress));
  }
}
