/** A key or path that could leave the store's or the artifact's folder. */
export class InvalidKeyError extends Error {
  override readonly name = 'InvalidKeyError';
  constructor(readonly key: string) {
    super(
      `"${key}" cannot be a key of the store. Use parts of letters, digits, ".", "_", "-", joined by "/".`,
    );
  }
}

export class MissingObjectError extends Error {
  override readonly name = 'MissingObjectError';
  constructor(
    readonly key: string,
    location: string,
  ) {
    super(`${key} is not in the store ${location}. It was deleted, or this is another store.`);
  }
}

export interface FileDamage {
  readonly path: string;
  readonly reason: string;
}

/** An artifact whose files are not what its manifest says; names every such file. */
export class DamagedArtifactError extends Error {
  override readonly name = 'DamagedArtifactError';
  constructor(
    readonly digest: string,
    readonly files: readonly FileDamage[],
  ) {
    const list = files.map((file) => `${file.path} (${file.reason})`).join(', ');
    super(`Artifact ${digest.slice(0, 12)} is damaged: ${list}. Restore it or produce it again.`);
  }
}

export class DamagedJournalError extends Error {
  override readonly name = 'DamagedJournalError';
  constructor(
    readonly key: string,
    reason: string,
  ) {
    super(`Journal entry ${key} is damaged: ${reason}. Restore this file from a backup.`);
  }
}

export class DamagedRecordError extends Error {
  override readonly name = 'DamagedRecordError';
  constructor(
    readonly key: string,
    reason: string,
  ) {
    super(`${key} in the store is damaged: ${reason}. Delete it to have it made again.`);
  }
}

/** The store cannot keep the promises that journals stand on, or cannot be reached. */
export class UnfitStoreError extends Error {
  override readonly name: string = 'UnfitStoreError';
  constructor(location: string, reason: string) {
    super(`The store ${location} cannot be used: ${reason}`);
  }
}

/** It may be there again in a moment, without anybody correcting anything. */
export class StoreAwayError extends UnfitStoreError {
  override readonly name = 'StoreAwayError';
}
