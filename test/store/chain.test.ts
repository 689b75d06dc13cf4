import { chainContract } from './chain.contract.js';
import { localStore } from './support/examples.js';

chainContract('local store', localStore);
