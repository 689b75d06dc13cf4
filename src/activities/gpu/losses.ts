import { Context } from '@temporalio/activity';
import type { StageInput } from '../../contracts/activities.js';
import type { InterruptionKind, PostMortem } from '../../contracts/journal.js';
import { moneyLostFen } from '../../contracts/money.js';
import { StageProgress } from '../../contracts/progress.js';
import type { Chain } from '../../store/chain.js';
import type { ChainAttempt, ChainState } from '../../store/fold-chain.js';
import { Ledger } from '../../store/ledger.js';
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
  /** When training went on: the first new step, however often writing it down is tried. */
  #resumedAt: number | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly deps: StageDeps,
    private readonly input: StageInput,
    private readonly chain: Chain,
    private readonly before: ChainState,
    /** Token whose trainer has gone on all the while: only the link was lost. */
    private readonly adopted: number | null = null,
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
    this.#resumedAt ??= this.deps.now().getTime();
    this.#writing = this.#write(resumedFromStep, this.#resumedAt).catch((error: unknown) => {
      // The store was away: the next step tries again.
      this.#written = false;
      throw error;
    });
    return this.#writing;
  }

  /** Until what was begun is written; failures were told to whoever began it. */
  async settle(): Promise<void> {
    await this.#writing.catch(() => undefined);
  }

  async #write(resumedFromStep: number, resumedAt: number): Promise<void> {
    const price = await new Ledger(this.deps.store, this.input.planId).pricePerHourFen();
    const seen = this.#lost.map((attempt) => Date.parse(this.#lastSeenAt(attempt)));
    for (const [index, attempt] of this.#lost.entries()) {
      // Two losses in a row: the time behind the second one is not lost twice.
      const until = seen[index + 1] ?? resumedAt;
      const one = this.#postMortem(attempt, resumedFromStep, resumedAt);
      const waited = Math.max(0, (until - seen[index]!) / 1000);
      const detectSeconds = Math.min(one.detectedAfterSeconds ?? 0, waited);
      const resumeSeconds = waited - detectSeconds;
      const lostStepSeconds = one.stepsLost * this.#secondsPerStep(attempt);
      const lost = { detectSeconds, resumeSeconds, lostStepSeconds };
      const fen = attempt.token === this.adopted ? 0 : moneyLostFen(price, lost);
      await this.chain.postMortem({ ...one, moneyLostFen: fen });
    }
  }

  #postMortem(
    attempt: ChainAttempt,
    resumedFromStep: number,
    resumedAt: number,
  ): Omit<PostMortem, 'moneyLostFen'> {
    const lastSeenAt = this.#lastSeenAt(attempt);
    const seen = Date.parse(lastSeenAt);
    const done = this.#lastOf(attempt)?.done ?? 0;
    const newest = Math.max(resumedFromStep, done, ...attempt.publishedSteps);
    const detected = (this.#scheduledAt - RETRY_INTERVAL_MS - seen) / 1000;
    return {
      stage: this.input.stage,
      kind: kindOf(attempt, this.deps.host.boot),
      lostToken: attempt.token,
      host: attempt.host,
      noticeSeen: attempt.ended?.how === 'preempted',
      ...noticeOf(attempt),
      lastSeenAt,
      detectedAfterSeconds: round(Math.max(0, detected)),
      resumedAfterSeconds: round(Math.max(0, (resumedAt - seen) / 1000)),
      newestStepKnown: newest,
      resumedFromStep,
      stepsLost: newest - resumedFromStep,
    };
  }

  #lastOf(attempt: ChainAttempt): StageProgress | null {
    return this.#last?.token === attempt.token ? this.#last : null;
  }

  #lastSeenAt(attempt: ChainAttempt): string {
    return this.#lastOf(attempt)?.at ?? attempt.ended?.at ?? attempt.at;
  }

  /** The pace that the lost attempt told in its last heartbeat; 0 when it had shown none yet. */
  #secondsPerStep(attempt: ChainAttempt): number {
    const last = this.#lastOf(attempt);
    if (!last?.total || last.etaSeconds === null || last.total <= last.done) return 0;
    return last.etaSeconds / (last.total - last.done);
  }
}

/** The same start of the same host is here again: not it was lost, but the link to the server. */
function kindOf(attempt: ChainAttempt, boot: string): InterruptionKind {
  if (attempt.ended === null) return attempt.boot === boot ? 'connection-lost' : 'host-lost';
  if (attempt.ended.how === 'preempted') return 'preempted';
  if (attempt.ended.how === 'failed') return 'out-of-resources';
  return attempt.ended.message === HUNG ? 'trainer-hung' : 'trainer-crashed';
}

/** What was told before, by whom, and how long the handing over took. */
function noticeOf({ ended }: ChainAttempt): Pick<PostMortem, 'notice'> {
  const notice = ended?.notice;
  if (!ended || !notice?.stopAt) return {};
  const { source, action, stopAt, seenAt } = notice;
  const since = (at: string): number => round((Date.parse(at) - Date.parse(seenAt)) / 1000);
  const told = { seconds: since(stopAt), handedOverAfterSeconds: since(ended.at) };
  return { notice: { source, action, ...told } };
}

const round = (seconds: number): number => Math.round(seconds * 1000) / 1000;
