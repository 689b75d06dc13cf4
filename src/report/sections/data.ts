import { type Block, figures, table } from '../content/blocks.js';
import type { DataCheck } from '../data-check.js';
import type { Translate } from '../texts.js';
import type { Section } from './section.js';

export const dataSection: Section = (data, t) => {
  const convert = data.results.convert?.metrics;
  const validate = data.results.validate?.metrics;
  const rows: [string, string | number][] = [];
  if (convert?.kind === 'convert') {
    const m = convert.convert;
    rows.push([t('rowsKept'), m.rowsKept]);
    for (const [rule, count] of Object.entries(m.rowsByRule))
      rows.push([`${t('rowsByRule')}${t('colon')}${rule}`, count]);
    rows.push([t('rowsDropped'), m.rowsDropped]);
    for (const [rule, count] of Object.entries(m.droppedByRule ?? {}))
      rows.push([`${t('droppedByRule')}${t('colon')}${rule}`, count]);
    rows.push([t('rowsHeldOut'), m.rowsHeldOut]);
    if (m.rowsWithInstruction) rows.push([t('rowsWithInstruction'), m.rowsWithInstruction]);
  }
  if (validate?.kind === 'validate') {
    const m = validate.validate;
    rows.push([t('tokensPerEpoch'), m.tokensPerEpoch], [t('duplicates'), m.duplicates]);
    rows.push([t('emptyFields'), m.emptyFields]);
    for (const [tokens, share] of Object.entries(m.shareThatFits).sort(byNumber))
      rows.push([t('rowsThatFit').replace('{}', tokens), `${(100 * share).toFixed(1)} %`]);
    for (const [suite, count] of Object.entries(m.overlap))
      rows.push([`${t('overlap')}${t('colon')}${suite}`, count]);
  }
  const counts = rows.length > 0 ? [table(['', ''], rows)] : [];
  return [...counts, ...(data.dataCheck ? checked(data.dataCheck, t) : [])];
};

const byNumber = ([a]: [string, number], [b]: [string, number]): number => Number(a) - Number(b);

function checked({ histogram, sample }: DataCheck, t: Translate): Block[] {
  const counted = histogram.some(({ rows }) => rows > 0);
  const chart = { kind: 'lengths', histogram } as const;
  return [
    ...(counted ? [figures({ caption: t('lengths'), chart })] : []),
    ...(sample ? [{ kind: 'fold', title: t('sample'), text: sample } as const] : []),
  ];
}
