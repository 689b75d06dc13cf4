import { chmodSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { loadConfig } from '../../../src/config/config.js';

/** In 512-byte blocks: room for logs and events, none for the tiny model's weights. */
const BLOCKS = 1024;

/** The Python that workers are told to use, in the hands of a test: it can vanish, or lack disk. */
export class PythonWrapper {
  readonly path: string;
  readonly #real: string;
  readonly #full: string;

  constructor(folder: string) {
    this.#real = loadConfig().python;
    this.path = join(folder, 'python');
    this.#full = join(folder, 'disk-is-full');
    const limit = `[ -e '${this.#full}' ] && ulimit -f ${BLOCKS}`;
    writeFileSync(this.path, `#!/bin/sh\n${limit}\nexec '${this.#real}' "$@"\n`);
    chmodSync(this.path, 0o755);
  }

  vanish(): void {
    renameSync(this.path, `${this.path}.gone`);
  }

  comeBack(): void {
    if (existsSync(`${this.path}.gone`)) renameSync(`${this.path}.gone`, this.path);
  }

  /** No file of the running trainer, nor of any later one, grows beyond the limit. */
  async fillDisk(trainerPid: number): Promise<void> {
    writeFileSync(this.#full, '');
    const bytes = BLOCKS * 512;
    const limit = `import resource; resource.prlimit(${trainerPid}, resource.RLIMIT_FSIZE, (${bytes}, ${bytes}))`;
    await execa(this.#real, ['-c', limit]);
  }

  freeDisk(): void {
    rmSync(this.#full, { force: true });
  }
}
