/** GPUs that recipes are made for. `peak`: dense bf16 TFLOP/s with float32 sums. */
export interface Card {
  readonly name: string;
  readonly memoryGb: number;
  readonly peak: number;
  /** TB/s of its memory. */
  readonly bandwidth: number;
  /** Whether its matrix units multiply fp8 (compute capability 8.9 and newer). */
  readonly fp8: boolean;
  readonly pricePerHourFen: number;
  /** Where memory, peak and bandwidth are written down. */
  readonly source: string;
}

/** What an hour costs is assumed, from memory of public price lists; nobody quoted it. */
export const PRICES_ASSUMED_ON = '2026-11-30';

export const CARDS = {
  'h200-141g': {
    name: 'H200 141GB',
    memoryGb: 141,
    peak: 989,
    bandwidth: 4.8,
    fp8: true,
    pricePerHourFen: 2600,
    source: 'NVIDIA H200 data sheet, SXM (sparse bf16 peak halved)',
  },
  'h100-80g': {
    name: 'H100 80GB',
    memoryGb: 80,
    peak: 989,
    bandwidth: 3.35,
    fp8: true,
    pricePerHourFen: 2000,
    source: 'NVIDIA H100 data sheet, SXM (sparse bf16 peak halved)',
  },
  'a100-80g': {
    name: 'A100 80GB',
    memoryGb: 80,
    peak: 312,
    bandwidth: 2.04,
    fp8: false,
    pricePerHourFen: 700,
    source: 'NVIDIA A100 data sheet, 80GB SXM',
  },
  'h20-96g': {
    name: 'H20 96GB',
    memoryGb: 96,
    peak: 148,
    bandwidth: 4,
    fp8: true,
    pricePerHourFen: 600,
    source: 'as sellers list it; NVIDIA has published no data sheet',
  },
  'rtx4090-24g': {
    name: 'RTX 4090',
    memoryGb: 24,
    peak: 165,
    bandwidth: 1.01,
    fp8: true,
    pricePerHourFen: 220,
    source: 'NVIDIA Ada GPU architecture white paper (1008 GB/s)',
  },
  'rtx3090-24g': {
    name: 'RTX 3090',
    memoryGb: 24,
    peak: 71,
    bandwidth: 0.94,
    fp8: false,
    pricePerHourFen: 160,
    source: 'NVIDIA Ampere GA102 GPU architecture white paper (936 GB/s)',
  },
  'rtx4080-16g': {
    name: 'RTX 4080',
    memoryGb: 16,
    peak: 97,
    bandwidth: 0.72,
    fp8: true,
    pricePerHourFen: 180,
    source: 'NVIDIA Ada GPU architecture white paper (717 GB/s)',
  },
} as const satisfies Record<string, Card>;
export type CardId = keyof typeof CARDS;
export const CARD_IDS = Object.keys(CARDS) as [CardId, ...CardId[]];
