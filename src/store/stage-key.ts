import type { ArtifactRef } from '../contracts/base.js';
import type { WorkKind } from '../contracts/stages.js';
import { canonicalJson, sha256Hex } from './canonical-json.js';

/** All that a result depends on. */
export interface StageIngredients {
  readonly kind: WorkKind;
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly inputs: Readonly<Record<string, ArtifactRef>>;
  readonly codeDigest: string;
  readonly generation: number;
}

/** The same work has the same key, whatever plan or stage asks for it. */
export function stageKeyOf({ kind, ...rest }: StageIngredients): string {
  const { configuration, inputs, codeDigest, generation } = rest;
  const stage = kind.startsWith('eval-') ? 'evaluate' : kind;
  return sha256Hex(canonicalJson({ stage, configuration, inputs, codeDigest, generation }));
}
