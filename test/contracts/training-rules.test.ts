import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { TrainingConfig, ViewConfig } from '../../src/contracts/training.js';
import {
  cutRightMistake,
  largestRank,
  longestRow,
  trainingMistakes,
} from '../../src/contracts/training-rules.js';

const Table = z.object({
  settings: z.array(
    z.object({
      training: z.record(z.string(), z.unknown()),
      device: z.string(),
      mistakes: z.array(z.string()),
    }),
  ),
  ranks: z.array(
    z.object({
      widths: z.object({
        hidden: z.int(),
        intermediate: z.int(),
        heads: z.int(),
        keyHeads: z.int(),
      }),
      modules: z.array(z.string()),
      largest: z.int(),
    }),
  ),
  rows: z.array(
    z.object({ maxLength: z.int(), eosTail: TrainingConfig.shape.eosTail, longest: z.int() }),
  ),
  views: z.array(
    z.object({
      view: ViewConfig.shape.view,
      overLong: ViewConfig.shape.overLong,
      right: z.boolean(),
    }),
  ),
});

/** The trainer's tests read the same file (trainer/tests/io/test_shared_rules.py). */
const FILE = new URL('../fixtures/training-rules.json', import.meta.url);
const table = Table.parse(JSON.parse(await readFile(FILE, 'utf8')));

describe('rules of training, shared with the trainer', () => {
  it.each(table.settings)('$training on $device', ({ training, device, mistakes }) => {
    const found = trainingMistakes(TrainingConfig.parse({ steps: 1, ...training }), device);
    expect(found.map(({ key, message }) => `training.${key}: ${message}`)).toEqual(mistakes);
  });

  it.each(table.ranks)('rank of at most $largest for $modules', ({ widths, modules, largest }) => {
    expect(largestRank(widths, modules).rank).toBe(largest);
  });

  it.each(table.rows)('maxLength $maxLength, tail $eosTail', ({ maxLength, eosTail, longest }) => {
    const training = TrainingConfig.parse({ steps: 1, eosTail });
    expect(longestRow({ maxLength }, training).tokens).toBe(longest);
  });

  it.each(table.views)('view $view with $overLong', ({ view, overLong, right }) => {
    expect(cutRightMistake({ view, overLong }) === null).toBe(right);
  });
});
