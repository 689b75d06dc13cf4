import { mkdtempSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { KeyClaims } from '../../src/hosts/key-claims.js';

let folder: string;
let claims: KeyClaims;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'claims-'));
  claims = new KeyClaims(folder);
});

/** As a process leaves it that has died since. */
async function claimOfTheDead(key: string): Promise<string> {
  await claims.take(key);
  const path = join(folder, readdirSync(folder)[0] ?? '');
  const claim = JSON.parse(readFileSync(path, 'utf8')) as object;
  writeFileSync(path, JSON.stringify({ ...claim, pid: 2 ** 30, startTime: '1 2' }));
  return path;
}

describe('claims', () => {
  it('have one winner, whoever asks at the same time', async () => {
    const won = await Promise.all(Array.from({ length: 20 }, () => claims.take('card')));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await claims.takeFromDead('card')).toBe(false);
  });

  it('of the dead go to one of those who ask', async () => {
    await claimOfTheDead('card');
    const won = await Promise.all(Array.from({ length: 20 }, () => claims.takeFromDead('card')));
    expect(won.filter(Boolean)).toHaveLength(1);
  });

  it('of the dead can be had when whoever was about to take one away has died as well', async () => {
    const path = await claimOfTheDead('card');
    const mark = `${path}.dead-${2 ** 30}-1_2-0`;
    writeFileSync(mark, '');
    expect(await claims.takeFromDead('card')).toBe(false);
    const longAgo = Date.now() / 1000 - 3600;
    utimesSync(mark, longAgo, longAgo);
    expect(await claims.takeFromDead('card')).toBe(true);
    expect(await claims.living()).toMatchObject([{ pid: process.pid, key: 'card' }]);
  });

  it('that a power cut has torn are nobody’s, and go to one of those who ask', async () => {
    writeFileSync(await claimOfTheDead('card'), '');
    const won = await Promise.all(Array.from({ length: 20 }, () => claims.takeFromDead('card')));
    expect(won.filter(Boolean)).toHaveLength(1);
  });
});
