/** S3 takes 5 GiB in one put, parts of at least 5 MiB and 10 000 of them an object. */
const MAXIMUM_PARTS = 10_000;
const MIB = 1024 * 1024;

export interface UploadLimits {
  /** A file up to this size goes in one put, a larger one in parts of it. */
  readonly partBytes: number;
  /** Parts of one file under way; each is held in memory, so that it can be sent again. */
  readonly partsAtOnce: number;
}

/** 64 MiB of parts a file (what is collected comes on top); above 156 GiB more: there may be no more parts. */
export const UPLOAD_LIMITS: UploadLimits = { partBytes: 16 * MIB, partsAtOnce: 4 };

export interface Part {
  readonly number: number;
  readonly start: number;
  readonly length: number;
}

/** A function of the sizes alone: who goes on with a broken upload cuts the file in the same places. */
export function partsOf(size: number, partBytes: number): Part[] {
  const least = Math.ceil(size / MAXIMUM_PARTS / MIB) * MIB;
  const bytes = Math.max(partBytes, least);
  return Array.from({ length: Math.ceil(size / bytes) }, (_, index) => ({
    number: index + 1,
    start: index * bytes,
    length: Math.min(bytes, size - index * bytes),
  }));
}
