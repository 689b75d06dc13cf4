import type { SampleTrace } from '../../contracts/trace.js';
import type { Translate } from '../texts.js';
import { type Denoising, type Stay } from './blocks.js';

type Reveal = SampleTrace['reveals'][number];

export const LEVELS = 5;

const END = '∎';

/** End tokens behind an answer that are still shown: enough to see that it ends. */
const SHOWN_BEHIND = 3;

/** What is behind the end of an answer is padding, and left out. */
export function denoisingOf(
  trace: SampleTrace,
  t: Translate,
  caption = t('denoising'),
): Denoising | null {
  const { reveals } = trace;
  if (reveals.length === 0) return null;
  const last = Math.max(trace.tokens - 1, ...reveals.map(({ position }) => position));
  const shown = Math.min(last + 1, trace.tokens + SHOWN_BEHIND);
  const steps = Math.max(trace.steps, ...reveals.map(({ step }) => step + 1));
  const levelOf = levels(reveals);
  const positions = Array.from({ length: shown }, (_, position) =>
    stays(
      reveals
        .filter((reveal) => reveal.position === position)
        .map((reveal) => (position < trace.tokens ? reveal : ending(reveal))),
      steps,
      levelOf,
    ),
  );
  return { caption, legend: t('denoisingLegend'), steps, positions };
}

/** Behind an answer: an end token has a name that is no part of it, and longer than a slide has room for. */
const ending = (reveal: Reveal): Reveal =>
  reveal.text !== null && /^<\|\w+\|>$/.test(reveal.text) ? { ...reveal, text: END } : reveal;

function stays(
  reveals: readonly Reveal[],
  steps: number,
  levelOf: (reveal: Reveal) => number,
): Stay[] {
  const inOrder = reveals.toSorted((a, b) => a.step - b.step);
  const first = inOrder[0]?.step ?? steps + 1;
  // Step −1 is the canvas before anything was decided.
  const masked: Stay = { from: -1, to: first, text: null, level: 0 };
  const held = inOrder.map((reveal, i): Stay => {
    const to = inOrder[i + 1]?.step ?? steps + 1;
    const level = reveal.text === null ? 0 : levelOf(reveal);
    return { from: reveal.step, to, text: reveal.text, level };
  });
  return [masked, ...held].filter(({ from, to }) => to > from);
}

/** Orders measure confidence each in their own way, so only its rank within one answer is shown. */
function levels(reveals: readonly Reveal[]): (reveal: Reveal) => number {
  const sorted = reveals
    .filter(({ text }) => text !== null)
    .map(({ confidence }) => confidence)
    .toSorted((a, b) => a - b);
  return ({ confidence }) => {
    const below = sorted.findIndex((value) => value >= confidence);
    const above = sorted.length - 1 - sorted.findLastIndex((value) => value <= confidence);
    // Equal confidences share the middle of their ranks.
    const rank = (below + sorted.length - 1 - above) / 2;
    const share = sorted.length > 1 ? rank / (sorted.length - 1) : 1;
    return Math.min(LEVELS, 1 + Math.floor(share * LEVELS));
  };
}

/** What stands at each position once `step` has been taken; before the first step all is masked. */
export function frameAt({ positions }: Denoising, step: number): (Stay | undefined)[] {
  return positions.map((all) => all.find(({ from, to }) => from <= step && step < to));
}

/** Steps of the three frames of a slide: early, half-way, done. */
export function threeFrames({ steps }: Denoising): [number, number, number] {
  const last = Math.max(0, steps - 1);
  return [Math.floor(last / 4), Math.floor(last / 2), last];
}
