import type { StageInput } from '../../contracts/activities.js';
import type { StageOutcome } from '../../contracts/outcome.js';
import type { Departure } from '../../notices/departure.js';
import type { StageDeps } from '../deps.js';
import { stageFailure, toStageFailure } from '../stage-failure.js';
import type { StageWork } from './attempt.js';
import { KeptWork } from './kept-work.js';

/** Holds the work of this process by stage key, over the attempts that come and go for it. */
export class Keeper {
  readonly #works = new Map<string, KeptWork>();

  constructor(departure?: Departure) {
    departure?.signal.addEventListener('abort', () => {
      for (const work of this.#works.values()) if (work.cutOff) work.leave();
    });
  }

  /** One Temporal attempt of a GPU stage: takes up what an earlier one left here, or begins. */
  async attempt(deps: StageDeps, input: StageInput, work: StageWork): Promise<StageOutcome> {
    try {
      const kept = this.#works.get(input.stageKey);
      if (kept && (await kept.adopt(input.planId))) return await kept.attended();
      this.refuseWhileBusy(deps);
      return await this.#begin(deps, input, work).attended();
    } catch (error) {
      throw toStageFailure(error);
    }
  }

  /** Until nothing is left that was cut off. */
  async settled(): Promise<void> {
    await Promise.all([...this.#works.values()].map((work) => work.ended()));
  }

  #begin(deps: StageDeps, input: StageInput, work: StageWork): KeptWork {
    const begun = new KeptWork(deps, input, work);
    const { stageKey } = input;
    this.#works.set(stageKey, begun);
    void begun.ended().then(() => {
      if (this.#works.get(stageKey) === begun) this.#works.delete(stageKey);
    });
    return begun;
  }

  /** Two trainers would share the card; the slot must be free for the attempt that adopts. */
  refuseWhileBusy({ host }: Pick<StageDeps, 'host'>): void {
    const busy = [...this.#works.values()].find(({ cutOff }) => cutOff);
    if (busy === undefined) return;
    const { stage, planId } = busy.input;
    throw stageFailure(
      'Preempted',
      `Host ${host.id} still works on ${stage} of ${planId}, cut off from the server; tried again`,
    );
  }
}
