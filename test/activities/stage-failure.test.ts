import { describe, expect, it } from 'vitest';
import { finalFailure, stageFailure } from '../../src/activities/stage-failure.js';

describe('a failure of a stage', () => {
  it('has the last lines of the log, without the stack that stands among them', () => {
    const tail = [
      'step 3',
      'Traceback (most recent call last):',
      '  File "x.py", line 3, in <module>',
      '    import torch',
      "ModuleNotFoundError: No module named 'torch'",
    ];
    const { message, stack } = stageFailure('TrainerCrashed', 'It ended with exit code 1', tail);
    expect(message).toBe(
      "It ended with exit code 1 (log: step 3 | ModuleNotFoundError: No module named 'torch')",
    );
    expect(stack).toBe('');
  });

  it('is shorter than 500 characters, however long what was said', () => {
    const { message } = stageFailure('BadData', 'row 3 is wrong; '.repeat(99), ['a line']);
    expect(message.length).toBeLessThan(500);
    expect(message).toMatch(/…$/);
  });

  it('can be final although its kind is otherwise tried again', () => {
    expect(stageFailure('OutOfResources', 'full').nonRetryable).toBe(false);
    expect(finalFailure('OutOfResources', 'full')).toMatchObject({
      nonRetryable: true,
      type: 'OutOfResources',
      stack: '',
    });
  });
});
