import { z } from 'zod';
import { Sha256 } from './base.js';

/** `environment.json` in the run directory: in what the trainer ran, written before its work. */
export const TrainerEnvironment = z.strictObject({
  command: z.string(),
  platform: z.string(),
  pythonVersion: z.string(),
  torchVersion: z.string().nullable(),
  device: z.string(),
  threads: z.int().nullable(),
  cpu: z.strictObject({
    model: z.string().nullable(),
    instructionSet: z.string().nullable().describe('that torch chose its kernels for'),
    cores: z.int().nullable(),
  }),
  gpu: z
    .strictObject({
      name: z.string(),
      memoryBytes: z.int(),
      cudaVersion: z.string().nullable().describe('that torch was built for'),
    })
    .nullable(),
  packages: z
    .record(z.string(), z.string())
    .describe('name → version, those the trainer stands on'),
});
export type TrainerEnvironment = z.infer<typeof TrainerEnvironment>;

/** The same in the artifact `run`, with what only the host knows. */
export const RunEnvironment = TrainerEnvironment.extend({
  host: z.string(),
  codeDigest: Sha256,
  gpuDrivers: z.array(z.string()),
});
export type RunEnvironment = z.infer<typeof RunEnvironment>;

export const ENVIRONMENT_FILE = 'environment.json';
