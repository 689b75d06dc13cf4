import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import type { Revealed } from '../../src/cli/denoising-canvas.js';
import { DenoisingView, type Screen } from '../../src/cli/denoising-view.js';

const CANVAS = 12;
const reveal = (step: number, position: number, question = 0): Revealed => ({
  ...{ type: 'revealed', question, step, canvas: CANVAS },
  tokens: [{ position, token: 1, text: String.fromCharCode(97 + position), confidence: 1 }],
});

function view(screen: Omit<Screen, 'write'>) {
  const written: string[] = [];
  const write = (text: string): void => void written.push(text);
  const shown = new DenoisingView({ ...screen, write }, ['one?', 'two?'], 'maskgit_plus');
  return { shown, written };
}

/** What a terminal shows after all that was written: of control sequences, up and erase below. */
function terminal(text: string): string[] {
  let lines = [''];
  let row = 0;
  // eslint-disable-next-line no-control-regex
  for (const part of text.split(/(\u001b\[\d+A|\u001b\[J|\r|\n)/)) {
    // eslint-disable-next-line no-control-regex
    const up = /^\u001b\[(\d+)A$/.exec(part);
    if (up) row -= Number(up[1]);
    else if (part === '\u001b[J') lines = [...lines.slice(0, row), ''];
    else if (part === '\n') {
      row += 1;
      lines[row] ??= '';
    } else if (part !== '\r') lines[row] += stripVTControlCharacters(part);
    expect(row).toBeGreaterThanOrEqual(0);
  }
  return lines;
}

test('in a terminal the canvas is drawn in place, one below the other for each question', () => {
  const { shown, written } = view({ isTTY: true, columns: 7, rows: 24 });
  shown.take(reveal(0, 0));
  shown.take(reveal(1, 7));
  shown.take(reveal(0, 1, 1));
  const [legend, ...lines] = terminal(written.join(''));
  expect(legend).toContain('· masked');
  expect(lines).toEqual([
    ...['', 'one?', 'a·····', '·h····', 'step 2, 2 of 12 decided'],
    ...['', 'two?', '·b····', '······', 'step 1, 1 of 12 decided', ''],
  ]);
});

test('of a canvas that is higher than the screen the newest lines are drawn', () => {
  const { shown, written } = view({ isTTY: true, columns: 3, rows: 4 });
  shown.take(reveal(0, 0));
  shown.take(reveal(1, 11));
  const lines = terminal(written.join(''));
  expect(lines.slice(-4)).toEqual(['··', '·l', 'step 2, 2 of 12 decided', '']);
  expect(lines).toHaveLength(7);
});

test('in a pipe every step is a line, without any control sequence', () => {
  const { shown, written } = view({});
  shown.take(reveal(0, 0));
  shown.take(reveal(1, 7));
  expect(written.join('')).toBe(
    '\none?\nstep 1, 1 of 12 decided: 0 "a" 100 %\nstep 2, 2 of 12 decided: 7 "h" 100 %\n',
  );
});
