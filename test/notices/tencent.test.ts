import { cloudContract } from './cloud.contract.js';

cloudContract({
  name: 'tencent',
  action: 'terminate',
  tellsTime: true,
  withoutTime: false,
  tokens: false,
});
