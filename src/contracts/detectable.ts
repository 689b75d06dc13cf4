import type { SuiteConfig } from './sampling.js';

/**
 * The smallest difference that n questions can show: the rule of
 * trainer/dream_sft/evaluation/detectable.py (power of the exact McNemar test, its source there),
 * in this language so that a quote can say it. A test compares the two.
 */
const DISCORDANT = 0.1;
const POWER = 0.8;
const LEVEL = 0.05;
const PRECISION = 0.0005;
/** Standard deviations beyond which a binomial has nothing left that a double would see. */
const WINDOW = 9;
/** More questions than these only sharpen what is below half a point by then. */
const MOST = 50_000;

/** At most so many questions say where to look, not what is so. */
export const SCREENING = 50;

/** A share; found by 4 of 5 evaluations if a tenth of the answers change at all. 1: none can be. */
export function smallestDetectable(questions: number): number {
  const test = new PairedTest(Math.min(questions, MOST));
  let high = 1 / test.n;
  while (test.power(high) < POWER) {
    if (high >= 1) return 1;
    high = Math.min(1, 2 * high);
  }
  let low = high / 2;
  while (high - low > PRECISION) {
    const middle = (low + high) / 2;
    if (test.power(middle) >= POWER) high = middle;
    else low = middle;
  }
  return high;
}

/** Logarithms of factorials and critical values, kept for one search. */
class PairedTest {
  readonly #factorials: Float64Array;
  readonly #critical = new Map<number, number>();

  constructor(readonly n: number) {
    this.#factorials = new Float64Array(n + 1);
    for (let k = 1; k <= n; k += 1) this.#factorials[k] = this.#factorials[k - 1]! + Math.log(k);
  }

  /** Chance that a true gain of `difference` is found. */
  power(difference: number): number {
    const changed = Math.max(difference, DISCORDANT);
    const gain = Math.min(1, (changed + difference) / 2 / changed);
    const [from, to] = window(this.n, changed);
    let found = 0;
    for (let m = from; m <= to; m += 1) {
      const most = this.#mostLosses(m);
      if (most >= 0) found += this.#chance(this.n, m, changed) * this.#upperTail(m, m - most, gain);
    }
    return found;
  }

  #upperTail(m: number, least: number, p: number): number {
    const [from, to] = window(m, p);
    let sum = 0;
    for (let k = Math.max(least, from); k <= to; k += 1) sum += this.#chance(m, k, p);
    return sum;
  }

  /** The most losses among so many changed answers at which a gain is significant; -1: none. */
  #mostLosses(changed: number): number {
    const known = this.#critical.get(changed);
    if (known !== undefined) return known;
    let tail = 0;
    let losses = window(changed, 0.5)[0];
    const half = Math.floor(changed / 2);
    for (; losses <= half; losses += 1) {
      tail += this.#chance(changed, losses, 0.5);
      if (2 * tail >= LEVEL) break;
    }
    const most = losses > half ? half : losses - 1;
    this.#critical.set(changed, most);
    return most;
  }

  #chance(n: number, k: number, p: number): number {
    if (p >= 1) return k === n ? 1 : 0;
    const f = this.#factorials;
    return Math.exp(f[n]! - f[k]! - f[n - k]! + k * Math.log(p) + (n - k) * Math.log1p(-p));
  }
}

/** Where a binomial has its mass. */
function window(n: number, p: number): readonly [number, number] {
  const spread = WINDOW * Math.sqrt(n * p * (1 - p)) + WINDOW;
  return [Math.max(0, Math.floor(n * p - spread)), Math.min(n, Math.ceil(n * p + spread))];
}

/** What one suite of an evaluation can show. */
export interface Detectable {
  readonly suite: string;
  readonly questions: number;
  readonly difference: number;
}

export const detectableOf = (
  suites: readonly Pick<SuiteConfig, 'name' | 'questions'>[],
): Detectable[] =>
  suites.map(({ name, questions }) => ({
    suite: name,
    questions,
    difference: smallestDetectable(questions),
  }));

/** Said before anything is paid for, in one line. */
export function detectableSentence(suites: readonly Detectable[], zh: boolean): string {
  const each = suites.map(({ suite, questions, difference }) => {
    const points = 100 * difference;
    const rounded = points.toFixed(points < 9.95 ? 1 : 0);
    const screening = questions > SCREENING ? '' : zh ? '，仅供初筛' : ', screening only';
    return zh
      ? `${suite} ${rounded} 分（${questions} 题${screening}）`
      : `${rounded} points on ${suite} (${questions} ${questions === 1 ? 'question' : 'questions'}${screening})`;
  });
  return zh
    ? `前后能看出的最小差别：${each.join('、')}`
    : `smallest difference that shows: ${each.join(', ')}`;
}
