import { z } from 'zod';
import type { KnownKeys } from './plan-mistakes.js';

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

const alternatives = (schema: JsonSchema): readonly JsonSchema[] =>
  schema.anyOf ?? schema.oneOf ?? [schema];

function step(schemas: readonly JsonSchema[], part: PropertyKey): JsonSchema[] {
  return schemas.flatMap((schema) => {
    const next = typeof part === 'number' ? schema.items : schema.properties?.[String(part)];
    return next ? [...alternatives(next)] : [];
  });
}

/** Asks a zod schema which keys may stand at a path. */
export function knownKeysOf(schema: z.ZodType): KnownKeys {
  const root = z.toJSONSchema(schema, { io: 'input' }) as JsonSchema;
  return (path) => {
    const at = path.reduce<JsonSchema[]>(
      (schemas, part) => step(schemas, part),
      [...alternatives(root)],
    );
    return [...new Set(at.flatMap((found) => Object.keys(found.properties ?? {})))];
  };
}
