import { table, text } from '../content/blocks.js';
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
    duration(sum.seconds, t),
    yuan(sum.fen),
  ]);
  const named = (key: 'spent' | 'cap' | 'pricePerHour' | 'lostToInterruptions', fen: number) =>
    `${t(key)}${t('colon')}${yuan(fen)}`;
  const total = [
    named('spent', data.state.spentFen),
    named('cap', data.state.capFen),
    named('pricePerHour', data.plan.hosts.pricePerHourFen),
  ].join(' · ');
  const lostFen = data.postMortems.reduce((sum, lost) => sum + lost.moneyLostFen, 0);
  const header = [t('host'), t('chargedDuring'), t('charged'), t('amount')];
  return [
    text(total),
    ...(lostFen > 0 ? [text(named('lostToInterruptions', lostFen))] : []),
    ...(rows.length > 0 ? [table(header, rows)] : []),
  ];
};

export const configurationSection: Section = ({ plan }, t) => {
  const { base, tokenizer, data, training, evaluation, checkpoints, hosts, digest } = plan;
  const document = { base, tokenizer, data, training, evaluation, checkpoints, hosts, digest };
  const whole = JSON.stringify(document, null, 2);
  return [{ kind: 'fold', title: t('wholePlan'), text: whole }];
};
