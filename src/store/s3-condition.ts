import { PutObjectCommand, S3ServiceException } from '@aws-sdk/client-s3';
import type { PutIfAbsentHeader } from '../contracts/store.js';
import { codeOf, statusOf } from './s3-client.js';

/** A put that the store refuses when the key is taken. */
export function conditionalPut(
  header: PutIfAbsentHeader,
  object: ConstructorParameters<typeof PutObjectCommand>[0],
): PutObjectCommand {
  if (header === 'if-none-match') return new PutObjectCommand({ ...object, IfNoneMatch: '*' });
  const command = new PutObjectCommand(object);
  command.middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { headers: Record<string, string> };
      headers[header] = 'true';
      return next(args);
    },
    // Before the request is signed.
    { step: 'build', name: 'putIfAbsent' },
  );
  return command;
}

/** OSS and COS call it a conflict; Amazon's own 409 is something else. */
export function isTaken(error: unknown): boolean {
  return statusOf(error) === 412 || codeOf(error) === 'FileAlreadyExists';
}

/** Two conditional writes met and the store decided neither: to be asked again. */
export const isUndecided = (error: unknown): boolean =>
  error instanceof S3ServiceException && statusOf(error) === 409 && !isTaken(error);
