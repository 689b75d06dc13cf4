import { readdirSync, readFileSync } from 'node:fs';

interface Entry {
  readonly pid: number;
  readonly parent: number;
}

/** Every process of this machine with its parent, without those that only wait to be reaped. */
function processes(): Entry[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const text = read(`/proc/${name}/stat`);
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
      return text === '' || fields[0] === 'Z'
        ? []
        : [{ pid: Number(name), parent: Number(fields[1]) }];
    });
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

export function childPids(pid: number): number[] {
  return processes().flatMap((each) => (each.parent === pid ? [each.pid] : []));
}
