import { execa } from 'execa';
import { CLI_EXIT } from '../contracts/failures.js';

/** A program that a worker cannot do without is not there; said in two lines. */
export class MissingToolError extends Error {
  readonly exitCode = CLI_EXIT.missingTool;
}

/** Without this a plan would learn of a missing Python only stage by stage. */
export async function requirePython(python: string): Promise<void> {
  const found = await execa(python, ['-c', 'import sys; print(sys.version_info >= (3, 10))'], {
    reject: false,
  });
  if (found.exitCode === 0 && found.stdout.trim() === 'True') return;
  const why = found.exitCode === 0 ? 'is older than 3.10' : 'cannot be run';
  throw new MissingToolError(
    `Python ${python} ${why}.\nRun \`npm run setup\`, or name another with DREAM_SFT_PYTHON.`,
  );
}
