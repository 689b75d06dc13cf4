import type { z } from 'zod';

/** Every issue with its path, in one line: for a failure message. */
export const mistakesIn = (error: z.ZodError): string =>
  error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
