import type { Cloud } from './cloud.js';
import { askForTime } from './termination-time.js';
import { isoTime, plainTime } from './times.js';

/** CVM: a time without a zone, which is Beijing's (UTC+8) whatever the host's own zone is. */
export const tencent: Cloud = {
  name: 'tencent',
  async detect(metadata) {
    const answer = await metadata.read('/latest/meta-data/instance-id');
    return answer !== null && /^ins-[a-z0-9]+$/.test(answer.text.trim());
  },
  watch(metadata) {
    const path = '/latest/meta-data/spot/termination-time';
    const timeOf = (text: string) => plainTime(text, '+08:00') ?? isoTime(text);
    return askForTime(path, (at) => metadata.read(at), timeOf);
  },
};
