import { join } from 'node:path';
import type { Config } from '../config/config.js';
import { CLI_EXIT } from '../contracts/failures.js';
import { type Card, readGpuCards } from '../processes/gpus.js';
import { type Holder, KeyClaims } from './key-claims.js';

/** Two workers train on one card at once, and both run out of its memory. */
export class CardInUseError extends Error {
  override readonly name = 'CardInUseError';
  readonly exitCode = CLI_EXIT.conflict;
  constructor(card: Card, holder: Holder | null) {
    const who = holder ? `GPU worker ${holder.note} (pid ${holder.pid})` : 'another GPU worker';
    super(
      `Card ${card.index} (${card.name}) is taken by ${who} of this home.\n` +
        'End that one first, or give this one another card with CUDA_VISIBLE_DEVICES.',
    );
  }
}

type Where = Pick<Config, 'home' | 'hostname' | 'visibleCards'>;

/** Until this process ends its cards are its own; throws CardInUseError. None: nothing is held. */
export async function holdCards(where: Where, host: string): Promise<void> {
  const claims = claimsIn(where);
  for (const card of visibleTo(where, await readGpuCards())) {
    const key = keyOf(where, card);
    if (await claims.takeFromDead(key, host)) continue;
    const living = await claims.living();
    throw new CardInUseError(card, living.find((holder) => holder.key === key) ?? null);
  }
}

/** The living worker that holds a card which a worker started here would want; null: none does. */
export async function holderOfCards(where: Where): Promise<Holder | null> {
  const living = await claimsIn(where).living();
  // Asking for the cards takes a second on some machines.
  if (living.length === 0) return null;
  const wanted = new Set(visibleTo(where, await readGpuCards()).map((card) => keyOf(where, card)));
  return living.find(({ key }) => wanted.has(key)) ?? null;
}

const claimsIn = ({ home }: Where): KeyClaims => new KeyClaims(join(home, 'hosts', 'cards'));

/** With the machine's name: others that share a disk know nothing of its processes. */
const keyOf = ({ hostname }: Where, { uuid }: Card): string => `${hostname}-${uuid}`;

/** As CUDA reads it: numbers or beginnings of UUIDs; parts of a card (MIG) are nobody's here. */
function visibleTo({ visibleCards }: Where, cards: readonly Card[]): readonly Card[] {
  if (visibleCards === null) return cards;
  const named = visibleCards.split(',').map((name) => name.trim());
  return cards.filter(({ index, uuid }) =>
    named.some((name) => name === index || (name.startsWith('GPU-') && uuid.startsWith(name))),
  );
}
