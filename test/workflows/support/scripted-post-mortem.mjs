/**
 * What the first attempt after a loss writes of it.
 * @param {import('../../../src/contracts/stages.js').StageName} stage
 * @param {{ token: number, host: string, at: string }} lost
 * @returns {import('../../../src/contracts/journal.js').PostMortem}
 */
export const postMortemOf = (stage, lost) => ({
  stage,
  kind: 'host-lost',
  lostToken: lost.token,
  host: lost.host,
  noticeSeen: false,
  lastSeenAt: lost.at,
  detectedAfterSeconds: 1,
  resumedAfterSeconds: 2,
  newestStepKnown: 1,
  resumedFromStep: 1,
  stepsLost: 0,
  moneyLostFen: 0,
});
