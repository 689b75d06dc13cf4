// What the trainers of a trial have done, in their own words and with their own times.
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const RECORDER = fileURLToPath(new URL('recorder.py', import.meta.url));

/** A Python that records every training it is asked for, and does everything else as before. */
export class Recordings {
  constructor(folder, python) {
    this.folder = join(folder, 'events');
    this.python = join(folder, 'python');
    mkdirSync(this.folder, { recursive: true });
    const recorded = `[ "$1 $2 $3" = "-m dream_sft train" ] && shift 2 && set -- '${RECORDER}' '${this.folder}' "$@"`;
    writeFileSync(this.python, `#!/bin/sh\n${recorded}\nexec '${python}' "$@"\n`);
    chmodSync(this.python, 0o755);
  }

  /** Trainers started since (ms of the epoch), the oldest first; short ones (smoke-train) are not counted. */
  since(begun) {
    return readdirSync(this.folder)
      .filter((name) => Number.parseInt(name, 10) >= begun)
      .sort()
      .map((name) => readEvents(join(this.folder, name)))
      .filter((lines) => lines.length > 0 && !lines[0].spec.stopAfterSteps)
      .map(([process, ...events]) => ({ ...process, events }));
  }
}

/** Whole lines only: the last one may be just being written. */
const readEvents = (path) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

export const stepsOf = ({ events }) => events.filter(({ type }) => type === 'step');
