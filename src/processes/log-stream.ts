import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { dirname } from 'node:path';
import { once } from 'node:events';

/** A file opened for appending, whose descriptor a child can inherit: it writes on when we are gone. */
export async function openLogStream(path: string): Promise<WriteStream> {
  mkdirSync(dirname(path), { recursive: true });
  const stream = createWriteStream(path, { flags: 'a' });
  await once(stream, 'open');
  return stream;
}
