import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { destination, pino, type Logger } from 'pino';

/** JSON lines in `<home>/logs/<name>.log`; what people must read goes to the terminal elsewhere. */
export function openLogger(home: string, name: string, level: string): Logger {
  const folder = join(home, 'logs');
  mkdirSync(folder, { recursive: true });
  return pino(
    { level, base: { name, pid: process.pid } },
    destination({ dest: join(folder, `${name}.log`), sync: true, append: true }),
  );
}
