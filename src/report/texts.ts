import type { Language } from '../contracts/base.js';
import { COMPARED } from './texts/compared.js';
import { CRITERIA } from './texts/criteria.js';
import { DECK } from './texts/deck.js';
import { PAGE } from './texts/page.js';

const TEXTS = { ...PAGE, ...COMPARED, ...CRITERIA, ...DECK };

export type TextKey = keyof typeof TEXTS;
/** `{name}` in a sentence stands for a value. */
export type Translate = (
  key: TextKey,
  values?: Readonly<Record<string, string | number>>,
) => string;

export function translator(language: Language): Translate {
  return (key, values = {}) =>
    TEXTS[key][language === 'zh' ? 1 : 0].replace(/\{(\w+)\}/g, (whole, name: string) =>
      String(values[name] ?? whole),
    );
}
