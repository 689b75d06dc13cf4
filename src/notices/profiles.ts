import type { CloudName, ProfileName } from '../contracts/notice.js';

/** What is known of how hosts stop somewhere, and who says so (docs/notices.md has the sources). */
export interface Profile {
  /** SIGTERM to the end, where the platform sends one. */
  readonly signalSeconds: number;
  readonly en: string;
  readonly zh: string;
}

/** How a cloud tells; every number and address is a setting (src/config/notices.ts). */
export interface CloudFacts {
  /** Of its metadata service. */
  readonly endpoint: string;
  /** From the first moment of a notice to the end; also the bound of what a wrong clock can make of it. */
  readonly windowSeconds: number;
  readonly pollMs: number;
}

export const CLOUD_FACTS: Readonly<Record<CloudName, CloudFacts>> = {
  aws: { endpoint: 'http://169.254.169.254', windowSeconds: 120, pollMs: 2000 },
  aliyun: { endpoint: 'http://100.100.100.200', windowSeconds: 300, pollMs: 5000 },
  tencent: { endpoint: 'http://metadata.tencentyun.com', windowSeconds: 120, pollMs: 5000 },
  volcengine: { endpoint: 'http://100.96.0.96', windowSeconds: 300, pollMs: 5000 },
  gcp: { endpoint: 'http://metadata.google.internal', windowSeconds: 30, pollMs: 1000 },
  azure: { endpoint: 'http://169.254.169.254', windowSeconds: 30, pollMs: 1000 },
};

/** Nobody has said otherwise: what a container or a service manager usually grants. */
const USUAL_SIGNAL_SECONDS = 30;

const profile = (en: string, zh: string, signalSeconds = USUAL_SIGNAL_SECONDS): Profile => ({
  signalSeconds,
  en,
  zh,
});

export const PROFILE_FACTS: Readonly<Record<ProfileName, Profile>> = {
  aws: profile('about 2 minutes of notice, best effort', '约 2 分钟预警，尽力而为'),
  aliyun: profile('about 5 minutes of notice', '约 5 分钟预警'),
  tencent: profile('a notice of unstated length', '有预警，时长未公布'),
  volcengine: profile('about 5 minutes of notice', '约 5 分钟预警'),
  gcp: profile('about 30 seconds of notice', '约 30 秒预警'),
  azure: profile('at least 30 seconds of notice, best effort', '至少 30 秒预警，尽力而为'),
  autodl: profile(
    'no notice; powers off on request or in arrears, the disk stays for 15 days',
    '无预警；主动关机或欠费时停机，数据盘保留 15 天',
  ),
  runpod: profile(
    'no notice; SIGTERM, SIGKILL 5 seconds later, the volume stays',
    '无预警；先 SIGTERM，5 秒后 SIGKILL，数据卷保留',
    5,
  ),
  vast: profile(
    'no notice; an outbid instance is stopped at once, its disk stays',
    '无预警；被更高出价者取代时立即停机，磁盘保留',
    5,
  ),
  // What the provider of local hosts grants.
  none: profile('no notice is looked for', '不监视预警', 20),
};
