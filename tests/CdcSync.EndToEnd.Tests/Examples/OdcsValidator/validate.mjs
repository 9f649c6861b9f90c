// node validate.mjs SCHEMA CONTRACT ...: says per contract what the standard's schema refuses; ends with their number.
import { readFileSync } from 'node:fs';
import Ajv from 'ajv/dist/2019.js';
import addFormats from 'ajv-formats';
import YAML from 'yaml';

const [schema, ...contracts] = process.argv.slice(2);
const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
const isValid = ajv.compile(JSON.parse(readFileSync(schema, 'utf8')));
let refused = 0;
for (const contract of contracts) {
  if (isValid(YAML.parse(readFileSync(contract, 'utf8')))) continue;
  refused++;
  for (const error of isValid.errors) console.error(`${contract}: ${error.instancePath}: ${error.message}`);
}
process.exitCode = refused;
