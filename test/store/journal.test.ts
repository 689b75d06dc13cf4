import { journalContract } from './journal.contract.js';
import { localStore } from './support/examples.js';

journalContract('local store', localStore);
