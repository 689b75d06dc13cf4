import pc from 'picocolors';
import type { z } from 'zod';
import { CLI_EXIT } from '../../contracts/failures.js';
import type { Plan } from '../../contracts/plan.js';
import { CARD_IDS, CARDS, type CardId, PRICES_ASSUMED_ON } from '../../recipes/cards.js';
import { expect } from '../../recipes/expectation.js';
import { type Parameter, parametersOf } from '../../recipes/parameters.js';
import { isDream7b, readWhy, reasonOf, type Why } from '../../recipes/reasons.js';
import { explainTexts, fill } from '../../recipes/texts.js';
import { CliError } from '../cli-error.js';
import { expectedLines } from '../expected-lines.js';
import { padCells, print, printJson } from '../output.js';
import { checkPlanFile, formatMistakes } from '../plan-file.js';
import { languageOverride } from '../plan-overrides.js';
import { WIDTH, wrapCells } from '../wrap-cells.js';

type ParsedPlan = z.output<typeof Plan>;
type Lang = 'en' | 'zh';

export interface ExplainArguments {
  readonly lang?: string;
  readonly set?: readonly string[];
  readonly json?: boolean;
}

/** Why each parameter is what it is, and what the plan takes on cards it is made for. */
export async function planExplain(file: string, options: ExplainArguments): Promise<number> {
  const { text: plan, mistakes } = await checkPlanFile(file, { settings: options.set ?? [] });
  if (plan === null) throw new CliError(formatMistakes(file, mistakes), CLI_EXIT.spec);
  const language = languageOverride(options.lang).language ?? plan.language;
  const said = await readWhy();
  const why = isDream7b(plan.base) ? said : { ...said, reasons: {} };
  if (options.json) printJson(explained(plan, why, language));
  else print(rendered(plan, why, language));
  return CLI_EXIT.ok;
}

const cardsOf = (plan: ParsedPlan, why: Why): readonly CardId[] =>
  why.recipes[plan.id]?.cards ?? CARD_IDS;

function explained(plan: ParsedPlan, why: Why, language: Lang): unknown {
  return {
    id: plan.id,
    about: why.recipes[plan.id]?.[language] ?? null,
    parameters: parametersOf(plan).map((parameter) => {
      const reason = reasonOf(why, plan.id, parameter);
      return {
        ...parameter,
        why: reason?.[language] ?? null,
        sources: sourcesOf(why, reason?.sources ?? [], language),
      };
    }),
    pricesAssumedOn: PRICES_ASSUMED_ON,
    cards: cardsOf(plan, why).map((card) => ({
      card,
      ...CARDS[card],
      expected: expect(plan, card),
    })),
  };
}

function sourcesOf(why: Why, keys: readonly string[], language: Lang): string[] {
  return keys.map((key) => why.sources[key]?.[language] ?? key);
}

function rendered(plan: ParsedPlan, why: Why, language: Lang): string {
  const texts = explainTexts(language);
  const about = why.recipes[plan.id]?.[language];
  return [
    `${pc.bold(plan.id)}: ${plan.title}`,
    ...(about === undefined ? [] : wrapCells(about, WIDTH)),
    '',
    pc.bold(isDream7b(plan.base) ? texts.parameters : texts.withoutReasons),
    ...parameterLines(plan, why, language),
    '',
    pc.bold(texts.expected),
    ...expectedLines(plan, cardsOf(plan, why), language),
  ].join('\n');
}

const INDENT = '    ';

function parameterLines(plan: ParsedPlan, why: Why, language: Lang): string[] {
  const texts = explainTexts(language);
  const all = parametersOf(plan);
  const told = all.filter((one) => !one.isDefault || reasonOf(why, plan.id, one) !== undefined);
  const widest = Math.max(...told.map(({ path }) => path.length));
  const lines = told.flatMap((parameter) => {
    const value = JSON.stringify(parameter.value);
    const head = `  ${padCells(parameter.path, widest)}  ${pc.cyan(value)}`;
    return [head, ...whyLines(why, plan.id, parameter, language).map((line) => INDENT + line)];
  });
  return [...lines, `  ${fill(texts.defaults, { '': String(all.length - told.length) })}`];
}

function whyLines(why: Why, planId: string, parameter: Parameter, language: Lang): string[] {
  const texts = explainTexts(language);
  const width = WIDTH - INDENT.length;
  const reason = reasonOf(why, planId, parameter);
  if (reason !== undefined) {
    const sources = sourcesOf(why, reason.sources, language);
    const cited = texts.source + sources.join(texts.and);
    return [...wrapCells(reason[language], width), ...wrapCells(cited, width).map(pc.dim)];
  }
  const reasons = why.reasons[parameter.path];
  if (reasons === undefined && Object.keys(why.reasons).length === 0) return [];
  const known = (reasons ?? []).flatMap((one) => one.values ?? []);
  const others = [...new Set(known.map((value) => JSON.stringify(value)))].join(', ');
  return [
    pc.yellow(known.length === 0 ? texts.noReason : `${texts.noReason}; ${texts.known} ${others}`),
  ];
}
