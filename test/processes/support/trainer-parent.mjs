// A process with a trainer, for a test that kills it; prints the trainer's pid.
import { writeFileSync } from 'node:fs';
import { startTrainer } from '../../../dist/processes/trainer.js';

const { FIXTURES, PYTHON, FOLDER } = process.env;
const specPath = `${FOLDER}/spec.json`;
writeFileSync(specPath, JSON.stringify({ behaviour: 'until-eof' }));
const trainer = startTrainer({
  python: PYTHON,
  trainerFolder: FIXTURES,
  command: 'sample',
  specPath,
  logFile: `${FOLDER}/train.log`,
  onEvent: () => undefined,
  onLogLine: () => process.stdout.write(`${trainer.pid}\n`),
});
await trainer.exited;
