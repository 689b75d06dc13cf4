import { describe, expect, it } from 'vitest';
import { CliError } from '../../src/cli/cli-error.js';
import { CLI_EXIT } from '../../src/contracts/failures.js';
import { waitFor } from '../../src/drill/wait.js';

const answers = (...given: readonly (string | null | Error)[]) => {
  const left = [...given];
  return async (): Promise<string | null> => {
    const next = left.shift() ?? null;
    if (next instanceof Error) throw next;
    return next;
  };
};

describe('waitFor', () => {
  it('asks again while there is no answer, or no server that gives one', async () => {
    const gone = new CliError('No server answers.', CLI_EXIT.noServer);
    expect(await waitFor('a word', answers(null, gone, 'word'))).toBe('word');
  });

  it('passes on every other error', async () => {
    const defect = new Error('a defect');
    await expect(waitFor('a word', answers(defect, 'word'))).rejects.toBe(defect);
  });

  it('ends with the reason of whoever stopped it', async () => {
    const stopped = new AbortController();
    const reason = new CliError('The drill was stopped.', CLI_EXIT.cancelled);
    stopped.abort(reason);
    await expect(waitFor('a word', answers(), stopped.signal)).rejects.toBe(reason);
  });
});
