/** Lines `path: old → new` for what differs between two plain documents; the digest is left out. */
export function differences(before: unknown, after: unknown): string[] {
  const left = flatten(before);
  const right = flatten(after);
  const paths = [...new Set([...left.keys(), ...right.keys()])].sort();
  return paths
    .filter((path) => path !== 'digest' && left.get(path) !== right.get(path))
    .map((path) => `${path}: ${left.get(path) ?? '(not set)'} → ${right.get(path) ?? '(not set)'}`);
}

function flatten(value: unknown, path = '', into = new Map<string, string>()): Map<string, string> {
  if (value !== null && typeof value === 'object') {
    for (const [key, inner] of Object.entries(value))
      flatten(inner, path ? `${path}.${key}` : key, into);
  } else if (value !== undefined) {
    into.set(path, JSON.stringify(value));
  }
  return into;
}
