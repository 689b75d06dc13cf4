import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const BIN = fileURLToPath(new URL('../../../bin/dream-sft.mjs', import.meta.url));

/** The built CLI in a home of its own; a server is only there when `env` names one. */
export function dreamSft(home: string, args: readonly string[], env: Record<string, string> = {}) {
  return execa(process.execPath, [BIN, ...args], {
    reject: false,
    env: { DREAM_SFT_HOME: home, TEMPORAL_ADDRESS: '127.0.0.1:9', NO_COLOR: '1', ...env },
  });
}
