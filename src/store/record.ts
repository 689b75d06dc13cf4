import type { z } from 'zod';
import { DamagedRecordError } from './errors.js';
import type { ObjectStore } from './object-store.js';

/** A single JSON document of the store, checked; undefined when it is not there. */
export async function readRecord<T>(
  store: ObjectStore,
  key: string,
  schema: z.ZodType<T>,
): Promise<T | undefined> {
  const bytes = await store.get(key);
  if (bytes === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    throw new DamagedRecordError(key, 'it is not JSON');
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((i) => `${i.path.join('.') || 'record'}: ${i.message}`);
  throw new DamagedRecordError(key, issues.join('; '));
}
