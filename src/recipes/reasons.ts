import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { CARD_IDS } from './cards.js';
import type { Source } from '../contracts/source.js';
import type { Parameter } from './parameters.js';

/** One thing said in both languages. */
const Said = { en: z.string().min(1), zh: z.string().min(1) };

const Reason = z.strictObject({
  values: z.array(z.unknown()).min(1).optional(),
  recipes: z.array(z.string()).min(1).optional(),
  ...Said,
  sources: z.array(z.string()).min(1),
});
export type Reason = z.infer<typeof Reason>;

const Sources = z.record(z.string(), z.strictObject(Said));
const Reasons = z.record(z.string(), z.array(Reason).min(1));
const Recipes = z.record(
  z.string(),
  z.strictObject({ ...Said, cards: z.array(z.enum(CARD_IDS)).min(1) }),
);

/** What plans/why/ holds. */
export interface Why {
  readonly sources: z.infer<typeof Sources>;
  readonly reasons: z.infer<typeof Reasons>;
  readonly recipes: z.infer<typeof Recipes>;
}

const FOLDER = fileURLToPath(new URL('../../plans/why/', import.meta.url));

/** Whether the reasons are about this plan's model; to a person's own copy they are by its name. */
export function isDream7b(base: z.output<typeof Source>): boolean {
  const name = base.kind === 'hub' ? base.repo : base.kind === 'file' ? base.path : '';
  return /Dream-v0-(?:Base|Instruct)-7B/i.test(name);
}

/** The reasons that ship with the project: about values, for any plan that trains Dream 7B. */
export async function readWhy(folder: string = FOLDER): Promise<Why> {
  const read = async <S extends z.ZodType>(name: string, schema: S): Promise<z.output<S>> =>
    schema.parse(parse(await readFile(`${folder}${name}.yaml`, 'utf8')));
  const [sources, reasons, recipes] = await Promise.all([
    read('sources', Sources),
    read('reasons', Reasons),
    read('recipes', Recipes),
  ]);
  return { sources, reasons, recipes };
}

/** Why this parameter has this value in this plan; undefined when nobody wrote it down. */
export function reasonOf(why: Why, planId: string, parameter: Parameter): Reason | undefined {
  const fitting = (why.reasons[parameter.path] ?? []).filter(
    (reason) =>
      (reason.values === undefined ||
        reason.values.some((value) => isDeepStrictEqual(value, parameter.value))) &&
      (reason.recipes === undefined || reason.recipes.includes(planId)),
  );
  return fitting.find((reason) => reason.recipes !== undefined) ?? fitting[0];
}
