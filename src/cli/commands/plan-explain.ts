import pc from 'picocolors';
import type { z } from 'zod';
import { CLI_EXIT } from '../../contracts/failures.js';
import type { Plan } from '../../contracts/plan.js';
import { CARD_IDS, CARDS, type CardId, PRICES_ASSUMED_ON } from '../../recipes/cards.js';
import {
  ASSUMED,
  checkpointBytes,
  type Expectation,
  expect,
  trainedParameters,
} from '../../recipes/expectation.js';
import { type Parameter, parametersOf } from '../../recipes/parameters.js';
import { isDream7b, readWhy, reasonOf, type Why } from '../../recipes/reasons.js';
import { explainTexts, type ExplainTexts, fill } from '../../recipes/texts.js';
import { CliError } from '../cli-error.js';
import { duration, padCells, print, printJson, table } from '../output.js';
import { checkPlanFile, formatMistakes } from '../plan-file.js';
import { languageOverride } from '../plan-overrides.js';
import { wrapCells } from '../wrap-cells.js';

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
    ...expectedLines(plan, why, texts),
  ].join('\n');
}

const WIDTH = 100;
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

function expectedLines(plan: ParsedPlan, why: Why, texts: ExplainTexts): string[] {
  const found = cardsOf(plan, why).flatMap((card) => {
    const expected = expect(plan, card);
    return expected === null ? [] : [{ card, expected }];
  });
  const first = found[0]?.expected;
  if (first === undefined) return [texts.unknown];
  const rows = found.map(({ card, expected }) => cells(card, expected, texts));
  const notes = notesOf(plan, texts);
  const size = `${(checkpointBytes(plan.training) / 1e9).toFixed(1)} GB`;
  const counts = {
    rows: String(first.rows),
    steps: String(first.steps),
    tokens: million(first),
    trained: (trainedParameters(plan.training) / 1e6).toFixed(1),
    size,
  };
  return [fill(texts.of, counts), table(texts.header, rows), ...notes.map(pc.dim)];
}

function notesOf({ hosts, training, pilot }: ParsedPlan, texts: ExplainTexts): string[] {
  const price = yuan(hosts.pricePerHourCny * 100);
  const count = String(training.worldSize);
  const share = `${100 * ASSUMED.severalCards} %`;
  return [
    ...texts.assumptions.map((note) => fill(note, { date: PRICES_ASSUMED_ON, price })),
    ...(training.worldSize > 1 ? [fill(texts.several, { count, share })] : []),
    ...(pilot ? [fill(texts.pilot, { count: String(pilot.candidates.length) })] : []),
  ];
}

const million = ({ tokens }: Expectation): string => `${(tokens / 1e6).toFixed(2)} M`;
const yuan = (fen: number): string => (fen / 100).toFixed(2);

function cells(card: CardId, expected: Expectation, texts: ExplainTexts): string[] {
  return [
    CARDS[card].name,
    yuan(expected.pricePerHourFen),
    `${(expected.tokensPerSecond / 1000).toFixed(1)}k`,
    duration(expected.trainingSeconds),
    duration(expected.evaluationSeconds),
    duration(expected.otherSeconds),
    duration(expected.totalSeconds),
    yuan(expected.fen),
    expected.speedMeasured ? texts.measured : texts.estimated,
  ];
}
