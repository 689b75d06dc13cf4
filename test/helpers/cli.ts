import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { System } from './system.js';

const BIN = fileURLToPath(new URL('../../bin/dream-sft.mjs', import.meta.url));

/** The built CLI against a system's own home and server. */
export function cli(system: System, ...args: string[]) {
  return execa(process.execPath, [BIN, ...args], {
    env: { DREAM_SFT_HOME: system.home },
    reject: false,
  });
}
