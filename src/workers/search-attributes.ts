import { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import { SEARCH_ATTRIBUTES } from '../contracts/search-attributes.js';

const TYPES = proto.temporal.api.enums.v1.IndexedValueType;
const INDEXED = {
  KEYWORD: TYPES.INDEXED_VALUE_TYPE_KEYWORD,
  INT: TYPES.INDEXED_VALUE_TYPE_INT,
  DATETIME: TYPES.INDEXED_VALUE_TYPE_DATETIME,
} as const;

/** An unknown search attribute blocks a workflow for ever, so missing ones are registered first. */
export async function ensureSearchAttributes(
  connection: Connection,
  namespace: string,
): Promise<void> {
  const known = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = SEARCH_ATTRIBUTES.filter(({ name }) => !(name in (known.customAttributes ?? {})));
  if (missing.length === 0) return;
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(
      missing.map(({ name, type }) => [name, INDEXED[type as keyof typeof INDEXED]]),
    ),
  });
}
