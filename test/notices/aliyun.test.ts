import { cloudContract } from './cloud.contract.js';

cloudContract({
  name: 'aliyun',
  action: 'terminate',
  tellsTime: true,
  withoutTime: false,
  tokens: true,
});
