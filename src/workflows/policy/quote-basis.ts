/** A part of what a quote was reckoned from, for people: English and Chinese. */
export type Words = readonly [en: string, zh: string];

const batches = (count: number): Words => [
  `${count} ${count === 1 ? 'batch' : 'batches'}`,
  `${count} 批`,
];

export function pilotWords(candidates: number, steps: number, asked: number): Words {
  const [en, zh] = batches(asked);
  return [
    `a pilot of ${candidates} candidates × (${steps} steps and ${en}), then`,
    `试点 ${candidates} 个候选 ×（${steps} 步和 ${zh}），然后 `,
  ];
}

export const stepsWords = (steps: number, seconds: number): Words => [
  `${steps} steps × ${seconds.toPrecision(3)} s`,
  `${steps} 步 × ${seconds.toPrecision(3)} 秒`,
];

export const validationsWords = (times: number, seconds: number): Words => [
  `${times} validation${times === 1 ? '' : 's'} × ${seconds.toPrecision(3)} s`,
  `${times} 次验证 × ${seconds.toPrecision(3)} 秒`,
];

export const exportWords = (seconds: number): Words => [
  `writing the model ${seconds.toFixed(1)} s`,
  `写出模型 ${seconds.toFixed(1)} 秒`,
];

export function evaluationsWords(count: number, each: number): Words {
  const [en, zh] = batches(count);
  return [
    `2 evaluations × ${en} × ${each.toPrecision(3)} s`,
    `2 次评测 × ${zh} × ${each.toPrecision(3)} 秒`,
  ];
}

export const checksWords = (checks: number, long: number): Words => [
  `${checks} checks as long as ${Math.ceil(long)} batches`,
  `${checks} 项检查，相当于 ${Math.ceil(long)} 批`,
];

export const startsWords = (starts: number, seconds: number): Words => [
  `${starts} starts × ${seconds.toFixed(1)} s`,
  `${starts} 次启动 × ${seconds.toFixed(1)} 秒`,
];

export const hostWords = (seconds: number): Words => [
  `a host’s start ${seconds.toFixed(1)} s`,
  `主机启动 ${seconds.toFixed(1)} 秒`,
];

const cardsWords = (cards: number): Words =>
  cards > 1
    ? [
        `; training on ${cards} cards of one host, evaluation on one of them`,
        `；训练用一台主机的 ${cards} 张卡，评测用其中一张`,
      ]
    : ['', ''];

/** The parts of a quote as one phrase in either language; a pilot's part leads over to the rest. */
export function basisOf(
  pilot: readonly Words[],
  rest: readonly Words[],
  cards: number,
): { readonly basis: string; readonly basisZh: string } {
  const [en, zh] = cardsWords(cards);
  const lead = (language: 0 | 1, gap: string) =>
    pilot.map((words) => words[language] + gap).join('');
  return {
    basis: lead(0, ' ') + rest.map((words) => words[0]).join(', ') + en,
    basisZh: lead(1, '') + rest.map((words) => words[1]).join('，') + zh,
  };
}
