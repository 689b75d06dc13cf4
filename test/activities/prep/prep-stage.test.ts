import { ApplicationFailure } from '@temporalio/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readManifest } from '../../../src/store/artifacts.js';
import type { Lab } from '../support/lab.js';
import { downloadAndConvert, hasTrainer, inputOf, openRealLab, prep } from '../support/real.js';

describe.skipIf(!hasTrainer)(
  'prep stages with the real trainer (needs .venv: npm run setup)',
  () => {
    let lab: Lab;
    beforeEach(async () => {
      lab = await openRealLab();
    });
    afterEach(() => lab.close());

    it('download, convert and validate hand their artifacts on', { timeout: 60_000 }, async () => {
      const { converted, tokenizer, documents } = await downloadAndConvert(lab);
      const { metrics } = converted;
      if (metrics.kind !== 'convert') throw new Error(metrics.kind);
      expect(metrics.convert.rowsRead).toBe(200);
      const suites = [{ name: 'arithmetic', questions: 20, seed: 7 }];
      const inputs = { dataset: documents, tokenizer };
      const validated = await prep(lab, inputOf('validate', '3', { suites }, inputs));
      const ref = validated.artifacts['validation'];
      const { files } = await readManifest(lab.store, ref?.digest ?? '');
      expect(files.map(({ path }) => path)).toContain('validation.json');
      if (validated.metrics.kind !== 'validate') throw new Error(validated.metrics.kind);
      expect(validated.metrics.validate.rows).toBe(metrics.convert.rowsKept);
    });

    it('names a source that is not there, for good', { timeout: 60_000 }, async () => {
      const source = { kind: 'file', path: `${lab.home}/no-such-model` };
      const sources = { base: source, dataset: source };
      const outcome = prep(lab, inputOf('download', '4', { sources, suites: [] }));
      const error = await outcome.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ApplicationFailure);
      expect(error).toMatchObject({ nonRetryable: true });
      expect((error as Error).message).toContain('no-such-model');
    });
  },
);
