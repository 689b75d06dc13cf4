import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { isRecord } from '../contracts/is-record.js';
import { Plan } from '../contracts/plan.js';

type ParsedPlan = z.output<typeof Plan>;

/** One setting of a plan that has an effect in it. */
export interface Parameter {
  readonly path: string;
  readonly value: unknown;
  readonly isDefault: boolean;
}

/** Settings that are one thing to a reader, whatever is inside them. */
const WHOLE = new Set([
  'base',
  'tokenizer',
  'data.source',
  'evaluation.suites',
  'evaluation.again',
  'evaluation.anchor',
  'evaluation.canvases',
  'checkpoints.auto',
  'pilot',
  'store',
  'training.validation',
]);
/** They name and place a plan; nothing is chosen by them. */
const NAMES = new Set(['id', 'title', 'language']);

/** Every setting with an effect, in the order of the contract. */
export function parametersOf(plan: ParsedPlan): Parameter[] {
  const defaults = z.toJSONSchema(Plan, { io: 'input', unrepresentable: 'any' });
  const found = leaves(plan, '', defaults as Schema);
  const idle = idlePaths(plan);
  return found.filter(
    ({ path }) =>
      !NAMES.has(path) && !idle.some((one) => path === one || path.startsWith(`${one}.`)),
  );
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly default?: unknown;
}

function leaves(value: unknown, path: string, schema: Schema | undefined): Parameter[] {
  if (!isRecord(value) || WHOLE.has(path)) {
    const isDefault = schema !== undefined && isDeepStrictEqual(value, schema.default);
    return [{ path, value, isDefault }];
  }
  return Object.keys(schema?.properties ?? value)
    .filter((key) => value[key] !== undefined)
    .flatMap((key) =>
      leaves(value[key], path === '' ? key : `${path}.${key}`, schema?.properties?.[key]),
    );
}

/** Settings that nothing reads, given the others. */
function idlePaths({ training }: ParsedPlan): string[] {
  return [
    ...(training.method === 'lora' ? ['training.fullMode', 'training.moments'] : ['training.lora']),
    ...(training.weighting === 'cart' ? [] : ['training.cartP']),
    ...(training.tokensPerMicroBatch === null ? [] : ['training.documentsPerMicroBatch']),
  ];
}
