import type { ChainState } from '../../store/fold-chain.js';

type OfRun = Pick<ChainState, 'attempts' | 'published' | 'refused' | 'postMortems'>;

/**
 * What one run of a plan has done under a stage key: an earlier run, cancelled or failed, may have
 * left a checkpoint to go on from, but its attempts and interruptions are its own.
 */
export function ofRun(chain: ChainState, run: string): OfRun {
  const attempts = chain.attempts.filter((attempt) => attempt.run === run);
  const tokens = new Set(attempts.map(({ token }) => token));
  return {
    attempts,
    published: chain.published.filter(({ token }) => tokens.has(token)),
    refused: chain.refused.filter(({ token }) => tokens.has(token)),
    postMortems: chain.postMortems.filter(({ lostToken }) => tokens.has(lostToken)),
  };
}

/** The same over the works of a stage: a token means something in its own chain only. */
export function ofRunInAll(chains: readonly ChainState[], run: string): OfRun {
  const each = chains.map((chain) => ofRun(chain, run));
  return {
    attempts: each.flatMap(({ attempts }) => attempts),
    published: each.flatMap(({ published }) => published),
    refused: each.flatMap(({ refused }) => refused),
    postMortems: each.flatMap(({ postMortems }) => postMortems),
  };
}
