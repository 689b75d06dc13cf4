import type { CloudName } from '../contracts/notice.js';
import { aliyun } from './aliyun.js';
import { aws } from './aws.js';
import { azure } from './azure.js';
import type { Cloud } from './cloud.js';
import { gcp } from './gcp.js';
import { tencent } from './tencent.js';
import { volcengine } from './volcengine.js';

/** The one table of watchers; a new cloud is a file and a line here. */
export const WATCHED: Readonly<Record<CloudName, Cloud>> = {
  aws,
  aliyun,
  tencent,
  volcengine,
  gcp,
  azure,
};
