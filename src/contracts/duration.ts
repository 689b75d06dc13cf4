/** What times are counted in, by language. */
export const UNITS = {
  en: { s: 's', min: 'min', h: 'h', d: 'd' },
  zh: { s: '秒', min: '分', h: '小时', d: '天' },
} as const;
export type TimeUnit = keyof (typeof UNITS)['en'];

/** A time for people, in the terminal and in the report alike: `9.9 s`, `1 min 33 s`, `2 h 5 min`. */
export function duration(seconds: number, language: keyof typeof UNITS = 'en'): string {
  const { s, min, h, d } = UNITS[language];
  if (seconds < 9.95) return `${seconds.toFixed(1)} ${s}`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} ${s}`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} ${min} ${whole % 60} ${s}`;
  const hours = Math.floor(minutes / 60);
  return hours < 24
    ? `${hours} ${h} ${minutes % 60} ${min}`
    : `${Math.floor(hours / 24)} ${d} ${hours % 24} ${h}`;
}

/** A time without a last part of zero: `5 d`, not `5 d 0 h`. */
export const roundDuration = (seconds: number, language: keyof typeof UNITS = 'en'): string =>
  duration(seconds, language).replace(/ 0 \S+$/, '');
