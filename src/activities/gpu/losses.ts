import { Context } from '@temporalio/activity';
import type { StageInput } from '../../contracts/activities.js';
import type { InterruptionKind } from '../../contracts/journal.js';
import { StageProgress } from '../../contracts/progress.js';
import type { Chain } from '../../store/chain.js';
import type { ChainAttempt, ChainState } from '../../store/fold-chain.js';
import type { StageDeps } from '../deps.js';
import { HUNG } from '../judge-exit.js';

/** The server decides on a retry this long before it hands the next attempt out. */
const RETRY_INTERVAL_MS = 1000;

/** What earlier attempts left behind: read once at the start, written down at the first new step. */
export class Losses {
  readonly #lost: readonly ChainAttempt[];
  readonly #last: StageProgress | null;
  readonly #scheduledAt: number;
  #written = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly deps: StageDeps,
    private readonly input: StageInput,
    private readonly chain: Chain,
    private readonly before: ChainState,
  ) {
    const info = Context.current().info;
    const details = StageProgress.safeParse(info.heartbeatDetails);
    this.#last = details.success ? details.data : null;
    this.#scheduledAt = info.currentAttemptScheduledTimestampMs;
    const known = new Set(before.postMortems.map(({ lostToken }) => lostToken));
    this.#lost = before.attempts.filter(
      ({ token, ended }) =>
        !known.has(token) &&
        (ended === null ||
          ended.how === 'crashed' ||
          ended.how === 'preempted' ||
          before.budget?.token === token),
    );
  }

  /** Once per lost attempt, when training goes on: only then is known how long it took. */
  writeAt(resumedFromStep: number): Promise<void> {
    if (this.#written) return this.#writing;
    this.#written = true;
    this.#writing = this.#write(resumedFromStep);
    return this.#writing;
  }

  /** Until what was begun is written; failures were told to whoever began it. */
  async settle(): Promise<void> {
    await this.#writing.catch(() => undefined);
  }

  async #write(resumedFromStep: number): Promise<void> {
    const now = this.deps.now().getTime();
    for (const attempt of this.#lost) {
      const last = this.#last?.token === attempt.token ? this.#last : null;
      const lastSeenAt = last?.at ?? attempt.ended?.at ?? attempt.at;
      const seen = Date.parse(lastSeenAt);
      const newest = Math.max(resumedFromStep, last?.done ?? 0, ...attempt.publishedSteps);
      const detected = (this.#scheduledAt - RETRY_INTERVAL_MS - seen) / 1000;
      await this.chain.postMortem({
        stage: this.input.stage,
        kind: kindOf(attempt, this.deps.host.boot),
        lostToken: attempt.token,
        host: attempt.host,
        noticeSeen: attempt.ended?.how === 'preempted',
        lastSeenAt,
        detectedAfterSeconds: round(Math.max(0, detected)),
        resumedAfterSeconds: round(Math.max(0, (now - seen) / 1000)),
        newestStepKnown: newest,
        resumedFromStep,
        stepsLost: newest - resumedFromStep,
        moneyLostFen: 0,
      });
    }
  }
}

/** The same start of the same host is here again: not it was lost, but the link to the server. */
function kindOf(attempt: ChainAttempt, boot: string): InterruptionKind {
  if (attempt.ended === null) return attempt.boot === boot ? 'connection-lost' : 'host-lost';
  if (attempt.ended.how === 'preempted') return 'preempted';
  if (attempt.ended.how === 'failed') return 'out-of-resources';
  return attempt.ended.message === HUNG ? 'trainer-hung' : 'trainer-crashed';
}

const round = (seconds: number): number => Math.round(seconds * 1000) / 1000;
