// Takes the id of a host in HOME and keeps it until stdin closes, as a worker does while it lives.
import { hostIdIn } from '../../../dist/hosts/host-names.js';

const [, , home, hostname] = process.argv;
process.stdout.write(`${await hostIdIn(home, hostname)}\n`);
process.stdin.resume();
