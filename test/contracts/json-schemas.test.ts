import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { JSON_SCHEMAS, jsonSchemaText } from '../../src/contracts/json-schemas.js';

const folder = new URL('../../schemas/', import.meta.url);

describe('schemas/', () => {
  it('holds one file for each contract and nothing else', () => {
    const expected = Object.keys(JSON_SCHEMAS).map((name) => `${name}.schema.json`);
    expect(readdirSync(folder).sort()).toEqual(expected.sort());
  });

  it.each(Object.keys(JSON_SCHEMAS))('%s is not stale (else: npm run gen)', (name) => {
    expect(readFileSync(new URL(`${name}.schema.json`, folder), 'utf8')).toBe(jsonSchemaText(name));
  });
});
