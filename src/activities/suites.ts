import { join } from 'node:path';
import type { SuiteConfig } from '../contracts/sampling.js';

/** A plan names a suite's file where it was written; on a host it lies in the artifact `suites`. */
export function suitesWithFiles(
  suites: readonly SuiteConfig[],
  folder: string | undefined,
): SuiteConfig[] {
  return suites.map(({ file, ...suite }) =>
    file === undefined || folder === undefined
      ? { ...suite, ...(file !== undefined && { file }) }
      : { ...suite, file: join(folder, `${suite.name}.jsonl`) },
  );
}
