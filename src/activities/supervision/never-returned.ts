import type { StageName } from '../../contracts/stages.js';
import type { Chain } from '../../store/chain.js';

/**
 * Post-mortems of attempts that no later one has told of: their host was lost and the stage ended, or
 * was paused, before anybody came back. Nothing after the loss is known, so nothing is claimed.
 */
export async function tellOfNeverReturned(chain: Chain, stage: StageName): Promise<void> {
  const { attempts, postMortems, published } = await chain.fold();
  const told = new Set(postMortems.map(({ lostToken }) => lostToken));
  const lost = attempts.filter(({ token, ended }) => ended === null && !told.has(token));
  for (const { token, host, at } of lost) {
    const own = published.findLast((checkpoint) => checkpoint.token === token);
    const newest = published.findLast(({ seq }) => seq < token);
    const step = own?.step ?? newest?.step ?? 0;
    await chain.postMortem({
      stage,
      kind: 'host-lost',
      lostToken: token,
      host,
      noticeSeen: false,
      lastSeenAt: own?.at ?? at,
      detectedAfterSeconds: null,
      resumedAfterSeconds: null,
      newestStepKnown: step,
      resumedFromStep: step,
      stepsLost: 0,
      moneyLostFen: 0,
    });
  }
}
