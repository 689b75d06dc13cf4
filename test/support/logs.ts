import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What all processes of a home have logged so far. */
export function logsOf(home: string): string {
  const folder = join(home, 'logs');
  const below = (): string[] => {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  };
  return below()
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('');
}
