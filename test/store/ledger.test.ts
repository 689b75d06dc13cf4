import { ledgerContract } from './ledger.contract.js';
import { localStore } from './support/examples.js';

ledgerContract('local store', localStore);
