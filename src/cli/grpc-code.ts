import { isGrpcServiceError } from '@temporalio/client';

/** gRPC's number for what went wrong, however the SDK has wrapped it; null: it is none of gRPC's. */
export function grpcCodeOf(error: unknown): number | null {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (isGrpcServiceError(at)) return at.code;
  }
  return null;
}
