/** The environment says something that cannot be; `exitCode` is that of a wrong command line. */
export class ConfigError extends Error {
  readonly exitCode = 2;
}

/** A variable that is set to nothing is one that is not set: an empty home would be the working folder. */
export function said(name: string): string | undefined {
  return process.env[name] || undefined;
}

/** A number that is no number must not become a timer that never fires. */
export function milliseconds(name: string, otherwise: number): number {
  const text = said(name);
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new ConfigError(`${name}=${text} is no number of milliseconds.`);
}

/** From 0 on, with fractions. */
export function seconds(name: string, otherwise: number): number {
  const text = said(name);
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new ConfigError(`${name}=${text} is no number of seconds.`);
}

export function oneOf<T extends string>(name: string, known: readonly T[], otherwise: T): T {
  const text = said(name);
  if (text === undefined) return otherwise;
  const found = known.find((each) => each === text);
  if (found !== undefined) return found;
  throw new ConfigError(`${name}=${text} is none of ${known.join(', ')}.`);
}

export function gigabytes(name: string, otherwise: number): number {
  const text = said(name);
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new ConfigError(`${name}=${text} is no number of gigabytes.`);
}
