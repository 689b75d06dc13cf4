import { EXIT } from './events.js';

/** Exit codes of `dream-sft`; documented in the README and tested. */
export const CLI_EXIT = {
  ok: 0,
  planFailed: 1,
  usage: 2,
  noServer: 3,
  notFound: 4,
  conflict: 5,
  cancelled: 6,
  spec: EXIT.spec,
  data: EXIT.data,
  missingTool: 70,
  portInUse: 71,
} as const;
