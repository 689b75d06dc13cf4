import { cloudContract } from './cloud.contract.js';

cloudContract({
  name: 'volcengine',
  action: 'terminate',
  tellsTime: true,
  withoutTime: false,
  tokens: true,
});
