import type { Fault } from '../fault.js';
import { Line } from '../line.js';

/**
 * The host hears nothing from the server and is not heard, but reads and writes the store; another
 * host stands ready. The line is mended when the other has taken over, or when the training has ended
 * without it.
 */
export const hostCutOff: Fault = {
  name: 'host-cut-off',
  en: 'host cut off from the server, not from the store, until another has taken over',
  zh: '主机与服务器断线（仍可访问存储），直到另一主机接手',
  expects: {},
  open: async (trial) => {
    const { connection } = trial.arena.config;
    const line = await Line.open(connection.address);
    trial.onEnd(() => line.close());
    const changed = { ...connection, address: line.address };
    const first = await trial.rent('first', { config: { connection: changed } });
    return {
      settings: ['hosts.provider=manual'],
      strike: async () => {
        line.cut();
        const second = await trial.rent('second');
        await trial.untilChain('somebody goes on', ({ attempts }) => {
          const newest = attempts.at(-1);
          const taken = newest?.host === second.id && newest.publishedSteps.length > 0;
          return taken || (newest?.host === first.id && newest.ended !== null);
        });
        line.mend();
      },
    };
  },
};
