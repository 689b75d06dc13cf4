import { distance } from 'fastest-levenshtein';
import type { Document, Node } from 'yaml';
import { LineCounter, isMap, isNode, isPair, isScalar } from 'yaml';
import type { z } from 'zod';
import { issueWords } from './issue-words.js';
import { issueWordsZh } from './issue-words-zh.js';

/** One mistake of a plan file, ready to print. */
export interface Mistake {
  readonly line: number;
  readonly path: string;
  readonly message: string;
  /** The same in Chinese, where somebody has said it. */
  readonly zh?: string;
  /** The option of the command that has set it, when it does not come from the file. */
  readonly from?: string;
  /** Set when a file or folder is not there (yet); the text itself is right. */
  readonly absent?: boolean;
}

type Path = readonly PropertyKey[];

/** As `--set` takes it: `evaluation.suites.0.name`. */
export const dotted = (path: Path): string => path.map(String).join('.');

/** The node that stands for a path, or the nearest one above it. */
export function nodeAt(document: Document, path: Path): Node | null {
  for (let length = path.length; length >= 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node;
  }
  return null;
}

/** Where a key itself stands; its value may be far below it. */
function keyAt(document: Document, path: Path): Node | null {
  const parent: unknown = document.getIn(path.slice(0, -1), true);
  const key = path.at(-1);
  if (!isMap(parent)) return nodeAt(document, path);
  const pair = parent.items.find(
    (item) => isPair(item) && isScalar(item.key) && item.key.value === key,
  );
  return pair && isScalar(pair.key) ? pair.key : nodeAt(document, path);
}

export function lineOf(node: Node | null, counter: LineCounter): number {
  return node?.range ? Math.max(1, counter.linePos(node.range[0]).line) : 1;
}

/** `lr` of learningRate. */
const initialsOf = (name: string): string => `${name[0] ?? ''}${name.replaceAll(/[^A-Z]/g, '')}`;

function nearest(key: string, known: readonly string[]): string | null {
  const short = known.filter((name) => initialsOf(name).toLowerCase() === key.toLowerCase());
  if (key.length > 1 && short[0] !== undefined && short.length === 1) return short[0];
  const byDistance = known.map((name) => ({
    name,
    far: distance(key.toLowerCase(), name.toLowerCase()),
  }));
  const best = byDistance.sort((a, b) => a.far - b.far)[0];
  const near = Math.min(Math.max(2, Math.floor(key.length / 3)), key.length - 1);
  return best && best.far <= near ? best.name : null;
}

/** Names of the keys that the schema knows at a path, from its JSON Schema form. */
export type KnownKeys = (path: Path) => readonly string[];

/** Every mistake at once, in the order of the lines. */
export function mistakesOf(
  error: z.core.$ZodError,
  document: Document,
  counter: LineCounter,
  knownKeys: KnownKeys,
): Mistake[] {
  const mistakes = error.issues.flatMap((issue): Mistake[] => {
    if (issue.code !== 'unrecognized_keys') {
      const node = issue.path.length ? keyAt(document, issue.path) : null;
      return [
        {
          line: lineOf(node, counter),
          path: dotted(issue.path),
          message: issueWords(issue),
          zh: issueWordsZh(issue),
        },
      ];
    }
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      const suggestion = nearest(key, knownKeys(issue.path));
      return {
        line: lineOf(keyAt(document, path), counter),
        path: dotted(path),
        message: suggestion ? `unknown key; did you mean ${suggestion}?` : 'unknown key',
        zh: suggestion ? `未知的键；是否想写 ${suggestion}？` : '未知的键',
      };
    });
  });
  return mistakes.sort((a, b) => a.line - b.line);
}
