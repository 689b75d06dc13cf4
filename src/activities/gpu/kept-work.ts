import { Context } from '@temporalio/activity';
import type { StageInput } from '../../contracts/activities.js';
import type { StageOutcome } from '../../contracts/outcome.js';
import type { StageDeps } from '../deps.js';
import { Beat } from '../trainer/beat.js';
import { Orders } from '../trainer/orders.js';
import { TrainerRunner } from '../trainer/run-trainer.js';
import { acquireFor } from './acquire.js';
import { type Attempt, carryOut, type StageWork } from './attempt.js';
import { CutOff } from './cut-off.js';
import { Leaving } from './leaving.js';
import { Losses } from './losses.js';

/**
 * Work of a GPU stage on this host, trainer and all. It belongs to the worker's process, not to the
 * attempt that began it: cut off from the server it goes on alone, and the next attempt here adopts it.
 */
export class KeptWork {
  readonly #attempt: Attempt;
  readonly #outcome: Promise<StageOutcome>;
  /** Rejects when the attempt that has the work now is cut off. */
  #cut: Promise<never>;
  #settled = false;

  constructor(deps: StageDeps, input: StageInput, work: StageWork) {
    const orders = new Orders(() => this.#goesOn());
    const beat = new Beat(deps, input, work.unit, orders);
    const leaving = new Leaving(deps, beat, orders);
    const runner = new TrainerRunner(deps, orders, () => leaving.decide());
    const alone = new CutOff(deps, input, {
      end: (why) => this.#endAlone(why),
      supersede: () => runner.supersede(),
    });
    const parts = { deps, input, work, orders, beat, leaving, runner, alone };
    this.#attempt = { ...parts, hold: null, tools: null };
    orders.signal.addEventListener('abort', () => this.#ending());
    this.#cut = this.#follow();
    this.#outcome = this.#carryOut();
  }

  get input(): StageInput {
    return this.#attempt.input;
  }

  /** Whether no attempt has it now. */
  get cutOff(): boolean {
    return this.#attempt.orders.cutOff;
  }

  /** Until it has ended, or the attempt that has it is cut off. */
  attended(): Promise<StageOutcome> {
    return Promise.race([this.#outcome, this.#cut]);
  }

  /** For whom its end is what matters, not how it ended. */
  async ended(): Promise<void> {
    await this.#outcome.catch(() => undefined);
  }

  /** The attempt that asks has the work from now on; false: it could not be gone on with, and is over. */
  async adopt(planId: string): Promise<boolean> {
    this.#attempt.alone.end();
    this.#cut = this.#follow();
    this.#attempt.beat.set({ attempt: Context.current().info.attempt });
    return Promise.race([this.#takeUp(planId), this.#cut]);
  }

  /** The host goes; who is attended hears of it from the server's side as well. */
  leave(): void {
    this.#attempt.alone.end();
    this.#attempt.orders.end('worker-shutdown');
  }

  async #takeUp(planId: string): Promise<boolean> {
    const { orders, runner, input } = this.#attempt;
    if (input.planId !== planId) runner.supersede();
    else if (orders.reason === null) {
      if (await runner.answers()) return this.#renew();
      runner.abandon();
    }
    await this.ended();
    return false;
  }

  async #renew(): Promise<boolean> {
    const { hold, tools, deps, input, work, beat, alone } = this.#attempt;
    if (hold === null) return true;
    const older = hold.token;
    const acquired = await hold.renew((chain) => acquireFor(deps, input, work.keep, chain));
    // It has ended meanwhile, or a newer attempt has: its outcome says so.
    if (acquired === null) return !this.#settled;
    beat.set({ token: acquired.token });
    beat.line(`adopted; the trainer has gone on to step ${beat.progress.done}`);
    if (tools) {
      tools.losses = new Losses(deps, input, hold.chain, acquired.before, older);
      tools.resumedFrom = beat.progress.done;
    }
    void alone.learn();
    return true;
  }

  async #carryOut(): Promise<StageOutcome> {
    const { beat, leaving, alone, orders, deps, input } = this.#attempt;
    beat.start();
    try {
      return await carryOut(this.#attempt);
    } catch (error) {
      const { stage } = input;
      if (orders.cutOff) deps.log.warn({ stage, why: String(error) }, 'ended while cut off');
      throw error;
    } finally {
      alone.end();
      leaving.end();
      beat.stop();
      this.#settled = true;
    }
  }

  #follow(): Promise<never> {
    const context = Context.current();
    const { activityId, workflowExecution } = context.info;
    const cut = this.#attempt.orders.follow(context);
    cut.catch(() => {
      const { hold, alone, beat, deps, input } = this.#attempt;
      if (hold === null || this.#settled) return;
      deps.log.warn({ stage: input.stage, step: beat.progress.done }, 'cut off; going on alone');
      const { workflowId = '', runId = '' } = workflowExecution ?? {};
      alone.begin(hold, { activityId, workflowId, runId });
    });
    return cut;
  }

  #goesOn(): boolean {
    const { hold, orders, alone } = this.#attempt;
    return hold !== null && orders.reason === null && alone.mayGoOn;
  }

  #endAlone(why: string): void {
    const { orders, deps, input } = this.#attempt;
    deps.log.warn({ stage: input.stage, why }, 'work that is cut off ends');
    orders.end('connection-lost');
  }

  /** Without a grant nothing is published: what is saved stays on the disk for whoever comes back. */
  #ending(): void {
    const { orders, tools } = this.#attempt;
    if (orders.reason === 'connection-lost') tools?.publisher.close();
  }
}
