import { SamplingConfig } from './sampling.js';

export interface SamplingMistake {
  readonly key: keyof SamplingConfig;
  readonly message: string;
}

const PACES = ['steps', 'tokensPerStep', 'threshold'] as const;

/**
 * What the schema cannot say about settings of decoding (trainer/dream_sft/sampling/rules.py has
 * the same rules), so that a plan is refused before anything is paid for.
 */
export function samplingMistakes(config: SamplingConfig): SamplingMistake[] {
  return [...blockMistakes(config), ...orderMistakes(config), ...paceMistakes(config)];
}

function blockMistakes(config: SamplingConfig): SamplingMistake[] {
  const { blockLength: block, maxNewTokens: canvas, steps, cache } = config;
  if (block === null) {
    if (cache === 'none' || cache === 'every_step') return [];
    return [{ key: 'cache', message: `${cache} needs blockLength: it keeps what is outside one` }];
  }
  if (block >= canvas) return [];
  if (canvas % block !== 0) {
    const message = `must divide maxNewTokens: ${canvas} is no multiple of ${block}`;
    return [{ key: 'blockLength', message }];
  }
  if (steps === null || steps % (canvas / block) === 0) return [];
  return [{ key: 'steps', message: `must be a multiple of the ${canvas / block} blocks` }];
}

function orderMistakes({ order, reveal, steps, algTemp }: SamplingConfig): SamplingMistake[] {
  const found: SamplingMistake[] = [];
  const random = order === 'origin';
  if (random && reveal !== 'official') {
    found.push({
      key: 'reveal',
      message: 'order origin reveals at random: reveal must be official',
    });
  }
  if (random && steps === null) {
    found.push({ key: 'steps', message: 'order origin reveals by time: give steps' });
  }
  if (algTemp && (random || reveal === 'left_to_right')) {
    const message = `draws positions by confidence, which ${random ? 'origin' : 'left_to_right'} does not use`;
    found.push({ key: 'algTemp', message });
  }
  return found;
}

function paceMistakes(config: SamplingConfig): SamplingMistake[] {
  const found: SamplingMistake[] = [];
  const { order, reveal, threshold, remask, steps } = config;
  const given = PACES.filter((key) => config[key] !== null);
  const [, second] = given;
  if (second !== undefined) {
    found.push({ key: second, message: `${given.join(' and ')} say the same thing twice` });
  }
  if (threshold !== null && order !== 'maskgit_plus') {
    found.push({ key: 'threshold', message: 'is a probability: needs order maskgit_plus' });
  }
  if (threshold !== null && reveal === 'left_to_right') {
    found.push({ key: 'threshold', message: 'needs reveal official or confidence' });
  }
  if (remask !== null && (steps === null || order === 'origin')) {
    found.push({ key: 'remask', message: 'needs steps and an order of confidence' });
  }
  return found;
}
