import { chmodSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** A program of this name, first on the PATH of this test alone; it appends each call to `calls`. */
export function scriptedNvidiaSmi(script: string): { readonly calls: string } {
  const folder = temporaryFolder();
  const calls = join(folder, 'calls');
  const path = join(folder, 'nvidia-smi');
  writeFileSync(path, `#!/bin/sh\necho "$1" >> '${calls}'\n${script}\n`);
  chmodSync(path, 0o755);
  setPath([folder, process.env['PATH']].join(delimiter));
  return { calls };
}

/** A PATH on which there is no nvidia-smi. */
export const withoutNvidiaSmi = (): void => setPath(temporaryFolder());

function setPath(path: string): void {
  const before = process.env['PATH'];
  process.env['PATH'] = path;
  onTestFinished(() => {
    process.env['PATH'] = before;
  });
}
