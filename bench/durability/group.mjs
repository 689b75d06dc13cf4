// Hosts of one group, as a cloud's group of fixed size or systemd's Restart=always has them: one that
// dies is replaced at once. What is compared needs somebody who does this; our plan's provider does it
// itself.
import { spawn } from 'node:child_process';
import { mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';

const groups = new Set();

/** For a bench that is being ended itself: nobody else would end its hosts. */
export function endHosts() {
  for (const group of groups) group.end();
}

export class Group {
  #running = new Set();
  #closed = false;
  #started = 0;
  #idle;
  /** Resolves when no host is left, as all have ended by themselves with code 0. */
  finished = new Promise((resolve) => (this.#idle = resolve));

  /** `command` is [program, ...arguments] of what a host runs; its output goes to `folder`. */
  constructor(folder, command, environment = {}) {
    Object.assign(this, { folder, command, environment });
    mkdirSync(folder, { recursive: true });
    groups.add(this);
  }

  start() {
    const log = openSync(join(this.folder, `host-${++this.#started}.log`), 'a');
    const [program, ...args] = this.command;
    const host = spawn(program, args, {
      env: { ...process.env, ...this.environment },
      stdio: ['ignore', log, log],
    });
    this.#running.add(host);
    host.once('exit', (code) => {
      this.#running.delete(host);
      if (code !== 0 && !this.#closed) this.start();
      else if (this.#running.size === 0) this.#idle();
    });
  }

  async close() {
    this.end();
    if (this.#running.size > 0) await this.finished;
    groups.delete(this);
  }

  end() {
    this.#closed = true;
    for (const host of this.#running) {
      host.kill('SIGTERM');
      host.kill('SIGCONT');
    }
  }
}
