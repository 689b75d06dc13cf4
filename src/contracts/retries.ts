/** How the server tries a stage's activity again, by who carries it out. No limit where none stands. */
export interface Retries {
  readonly firstSeconds: number;
  /** Each wait is so many times the one before. */
  readonly factor: number;
  readonly longestSeconds: number;
  readonly attempts: number | null;
}

/**
 * Where the reason itself names no wait (failures.ts). A GPU host costs money while nobody trains, and
 * waits a second, the server's shortest, however often it is lost; what needs no host backs off.
 */
export const RETRIES = {
  gpu: { firstSeconds: 1, factor: 1, longestSeconds: 1, attempts: null },
  supervisor: { firstSeconds: 1, factor: 1, longestSeconds: 1, attempts: null },
  prep: { firstSeconds: 2, factor: 2, longestSeconds: 60, attempts: null },
  control: { firstSeconds: 1, factor: 1.5, longestSeconds: 30, attempts: null },
  /** Outlasts a store or a disk that is away for a while, not a defect: about a quarter of an hour. */
  report: { firstSeconds: 2, factor: 2, longestSeconds: 60, attempts: 20 },
} as const satisfies Record<string, Retries>;
