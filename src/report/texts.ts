import type { Language } from '../contracts/base.js';
import { COMPARED } from './texts/compared.js';
import { CRITERIA } from './texts/criteria.js';
import { DECK } from './texts/deck.js';
import { PAGE } from './texts/page.js';

const TEXTS = { ...PAGE, ...COMPARED, ...CRITERIA, ...DECK };

export type TextKey = keyof typeof TEXTS;
/** `{name}` in a sentence stands for a value. */
export interface Translate {
  (key: TextKey, values?: Readonly<Record<string, string | number>>): string;
  readonly language: Language;
}

export function translator(language: Language): Translate {
  const translate = (
    key: TextKey,
    values: Readonly<Record<string, string | number>> = {},
  ): string =>
    TEXTS[key][language === 'zh' ? 1 : 0].replace(/\{(\w+)\}/g, (whole, name: string) =>
      String(values[name] ?? whole),
    );
  return Object.assign(translate, { language });
}
