import { expect, test } from 'vitest';
import type { RunEnvironment } from '../../../src/contracts/environment.js';
import type { ReportData } from '../../../src/report/report-data.js';
import { environmentSection } from '../../../src/report/sections/environment.js';
import { blocksHtml } from '../../../src/report/html/render-html.js';
import { translator } from '../../../src/report/texts.js';

const environment: RunEnvironment = {
  command: 'train',
  platform: 'Linux-6.1',
  pythonVersion: '3.11.1',
  torchVersion: '2.13.0+cu130',
  device: 'cuda',
  threads: 8,
  cpu: { model: 'A <Fast> One', instructionSet: 'AVX512', cores: 16 },
  gpu: { name: 'Some GPU', memoryBytes: 80 * 2 ** 30, cudaVersion: '13.0' },
  packages: { numpy: '2.1', safetensors: '0.6' },
  host: 'host-a',
  codeDigest: 'c'.repeat(64),
  gpuDrivers: ['Some GPU, driver 550.1'],
};
const render = (data: Partial<ReportData>, language: 'en' | 'zh') =>
  blocksHtml(environmentSection(data as ReportData, translator(language)), language);

test('tells versions, processor, GPU, driver, packages and code, in both languages', () => {
  const FACTS = [
    '3.11.1',
    '2.13.0+cu130',
    'A &lt;Fast&gt; One, 16',
    'AVX512',
    'Some GPU, 80.0 GiB, CUDA 13.0',
    'driver 550.1',
    'numpy 2.1, safetensors 0.6',
    'c'.repeat(64),
  ];
  for (const language of ['en', 'zh'] as const) {
    const html = render({ environment }, language);
    for (const fact of FACTS) expect(html).toContain(fact);
  }
  expect(render({ environment }, 'en')).toContain('Instruction set');
  expect(render({ environment }, 'zh')).toContain('指令集');
});

test('is left out where nothing is known', () => {
  expect(render({ environment: null }, 'en')).toBe('');
});
