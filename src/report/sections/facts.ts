import { escapeHtml } from '../escape.js';
import { htmlTable } from '../html-table.js';
import { yuan } from '../../contracts/money.js';
import { chargedHost } from '../../store/ledger.js';
import { duration, type Section } from './section.js';

export const moneySection: Section = (data, t) => {
  const hosts = new Map<string, { stages: Set<string>; seconds: number; fen: number }>();
  for (const entry of data.ledger) {
    if (entry.type !== 'host') continue;
    const host = chargedHost(entry.host);
    const sum = hosts.get(host) ?? { stages: new Set(), seconds: 0, fen: 0 };
    sum.stages.add(entry.stage);
    hosts.set(host, {
      stages: sum.stages,
      seconds: sum.seconds + entry.seconds,
      fen: sum.fen + entry.fen,
    });
  }
  const rows = [...hosts].map(([host, sum]) => [
    host,
    [...sum.stages].join(', '),
    duration(sum.seconds),
    yuan(sum.fen),
  ]);
  const total = `<p>${t('spent')}${t('colon')}<b>${yuan(data.state.spentFen)}</b> · ${t('cap')}${t('colon')}${yuan(data.state.capFen)} · ${t('pricePerHour')}${t('colon')}${yuan(data.plan.hosts.pricePerHourFen)}</p>`;
  const lostFen = data.postMortems.reduce((sum, lost) => sum + lost.moneyLostFen, 0);
  const lost = lostFen > 0 ? `<p>${t('lostToInterruptions')}${t('colon')}${yuan(lostFen)}</p>` : '';
  const header = [t('host'), t('chargedDuring'), t('charged'), t('amount')];
  return total + lost + (rows.length > 0 ? htmlTable(header, rows) : '');
};

export const configurationSection: Section = ({ plan }, t) => {
  const { base, tokenizer, data, training, evaluation, checkpoints, hosts, digest } = plan;
  const document = { base, tokenizer, data, training, evaluation, checkpoints, hosts, digest };
  const text = escapeHtml(JSON.stringify(document, null, 2));
  return `<details><summary>${t('wholePlan')}</summary><pre>${text}</pre></details>`;
};
