// Writes schemas/*.schema.json from the contracts. `npm run gen` builds first and calls this.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { JSON_SCHEMAS, jsonSchemaText } from '../dist/contracts/json-schemas.js';

const folder = fileURLToPath(new URL('../schemas/', import.meta.url));
mkdirSync(folder, { recursive: true });
for (const name of Object.keys(JSON_SCHEMAS)) {
  writeFileSync(`${folder}${name}.schema.json`, jsonSchemaText(name));
}
