import { collectGarbageContract } from './collect-garbage.contract.js';
import { localStore } from './support/examples.js';

collectGarbageContract('local store', localStore);
