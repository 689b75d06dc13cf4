import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ArtifactRef } from '../../contracts/base.js';
import type { ValidationEvent } from '../../contracts/events.js';
import type { Validated } from '../../contracts/outcome.js';
import type { PublishedCheckpoint } from '../../store/fold-chain.js';
import { bestOf } from '../../store/marked.js';

const Line = z.strictObject({ step: z.int(), nll: z.number(), best: z.boolean() });
type Line = z.infer<typeof Line>;

/** A result goes through Temporal: its curve has no more points than a chart can show. */
const CURVE_POINTS = 200;

/**
 * Validations of a stage on this machine, over all its attempts here. What others measured is known
 * from the chain, for checkpoints that tell it.
 */
export class ValidationLog {
  readonly #path: string;
  #writing: Promise<void> = Promise.resolve();

  /** Another generation's curve is another one. */
  constructor(
    private readonly runDir: string,
    stageKey: string,
  ) {
    this.#path = join(runDir, `validation-${stageKey.slice(0, 16)}.jsonl`);
  }

  note({ step, nll, best }: ValidationEvent): Promise<void> {
    const before = this.#writing.catch(() => undefined);
    this.#writing = before.then(async () => {
      await mkdir(this.runDir, { recursive: true });
      await appendFile(this.#path, `${JSON.stringify({ step, nll, best })}\n`);
    });
    return this.#writing;
  }

  async read(): Promise<Line[]> {
    await this.#writing.catch(() => undefined);
    const text = await readFile(this.#path, 'utf8').catch(() => '');
    return text.split('\n').flatMap((line) => {
      const parsed = Line.safeParse(parse(line));
      return parsed.success ? [parsed.data] : [];
    });
  }
}

/** The curve, and the best model by it, which is the final one when no earlier beats it. */
export function validated(
  lines: readonly Line[],
  published: readonly PublishedCheckpoint[],
  final: { readonly step: number; readonly model: ArtifactRef },
): Validated | null {
  const curve = new Map<number, number>();
  for (const { step, marks } of published) {
    if (marks.nll !== undefined) curve.set(step, marks.nll);
  }
  for (const { step, nll } of lines) curve.set(step, nll);
  if (curve.size === 0) return null;
  const inOrder = [...curve].map(([step, nll]) => ({ step, nll })).sort((a, b) => a.step - b.step);
  return { best: best(lines, published, final), curve: thin(inOrder) };
}

function best(
  lines: readonly Line[],
  published: readonly PublishedCheckpoint[],
  { step, model }: { readonly step: number; readonly model: ArtifactRef },
): Validated['best'] {
  const last = lines.findLast((line) => line.step === step);
  if (last?.best) return { step, nll: last.nll, artifact: model, folder: '' };
  const marked = bestOf(published);
  if (marked === null) return null;
  const { manifest, marks } = marked;
  return { step: marked.step, nll: marks.nll ?? null, artifact: manifest, folder: 'model' };
}

function thin<P>(points: readonly P[]): P[] {
  const every = Math.ceil(points.length / CURVE_POINTS);
  return points.filter((_, index) => index % every === 0 || index === points.length - 1);
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
