import { setTimeout as sleep } from 'node:timers/promises';
import { atOnce, type Fault } from '../fault.js';
import { killLocalHosts } from '../local-hosts.js';
import { drawnFrom } from '../schedule.js';
import { killHost } from './killed.js';

const KILLS = 4;
const MEAN_GAP_MS = 3000;
const LONGEST_GAP_MS = 9000;

/**
 * Gaps between the losses of one burst: exponential, drawn from the trial's seed. Made, not measured:
 * the public traces of spot losses (skypilot-org/spot-traces) come without a licence.
 */
export function burstGaps(seed: number): number[] {
  return Array.from({ length: KILLS - 1 }, (_, index) => {
    const gap = -Math.log((drawnFrom(`burst ${seed} ${index}`) + 1) / 2 ** 32) * MEAN_GAP_MS;
    return Math.round(Math.min(gap, LONGEST_GAP_MS));
  });
}

/** Hosts are lost one after another, some while they still start. */
export const hostsLostInBurst: Fault = {
  name: 'hosts-lost-in-burst',
  en: `${KILLS} hosts lost in a burst, some before they are up`,
  zh: `连续丢失 ${KILLS} 台主机，有的还没起来`,
  expects: { repeats: true },
  open: atOnce(async (trial, target) => {
    await killHost(trial, target);
    for (const gap of burstGaps(trial.seed)) {
      await sleep(gap);
      await killLocalHosts(trial.arena);
    }
  }),
};
