import { z } from 'zod';

/** How one mocked cloud answers; times count from the moment at which it was told so. */
export const MockBehaviour = z.strictObject({
  present: z.boolean().default(true).describe('false: nothing of this cloud is here, all is 404'),
  noticeAfterSeconds: z
    .number()
    .min(0)
    .nullable()
    .default(null)
    .describe('when a stop notice appears; null: never'),
  stopAfterSeconds: z
    .number()
    .default(120)
    .describe('from then to the stop it tells; negative: a time in the past'),
  action: z.string().nullable().default(null).describe('AWS: terminate, stop, hibernate; Azure'),
  rebalanceAfterSeconds: z.number().min(0).nullable().default(null).describe('AWS alone'),
  skewSeconds: z.number().default(0).describe('the cloud’s clock against this machine’s'),
  tellsDate: z.boolean().default(true).describe('whether answers carry the cloud’s clock'),
  tokens: z
    .enum(['optional', 'required', 'absent', 'refused'])
    .default('optional')
    .describe('required: hardened; absent: there are none; refused: none is given, none does'),
  fault: z.enum(['none', 'malformed', 'no-time', 'error', 'hang']).default('none'),
});
export type MockBehaviour = z.infer<typeof MockBehaviour>;
export type MockBehaviourInput = z.input<typeof MockBehaviour>;
