import type { StageName } from './stages.js';

/** The five days of a plan. An item is ticked by the stage named, or by a person. */
export interface ChecklistItem {
  readonly id: string;
  readonly day: 1 | 2 | 3 | 4 | 5;
  readonly en: string;
  readonly zh: string;
  readonly tickedBy:
    StageName | 'full-train-started' | 'first-checkpoint' | 'plan-started' | 'person';
}

export const CHECKLIST: readonly ChecklistItem[] = [
  { id: 'environment', day: 1, en: 'Environment ready', zh: '环境就绪', tickedBy: 'plan-started' },
  {
    id: 'model-answers',
    day: 1,
    en: 'The model answers a question',
    zh: '模型能回答问题',
    tickedBy: 'smoke-train',
  },
  {
    id: 'data-converted',
    day: 1,
    en: 's1K downloaded and converted',
    zh: 's1K 已下载并转换',
    tickedBy: 'convert',
  },
  {
    id: 'masked-diffusion-read',
    day: 1,
    en: 'How masked diffusion works, read',
    zh: '读懂掩码扩散的原理',
    tickedBy: 'person',
  },
  { id: 'data-validated', day: 2, en: 'Data validated', zh: '数据已校验', tickedBy: 'validate' },
  {
    id: 'small-run',
    day: 2,
    en: 'A small run went through',
    zh: '小规模试跑通过',
    tickedBy: 'smoke-train',
  },
  { id: 'monitoring', day: 2, en: 'Monitoring set up', zh: '监控就绪', tickedBy: 'plan-started' },
  {
    id: 'training-started',
    day: 3,
    en: 'Full training started',
    zh: '正式训练已开始',
    tickedBy: 'full-train-started',
  },
  { id: 'watched', day: 3, en: 'Training watched', zh: '关注训练过程', tickedBy: 'person' },
  {
    id: 'checkpoints-saved',
    day: 4,
    en: 'Checkpoints saved',
    zh: '检查点已保存',
    tickedBy: 'first-checkpoint',
  },
  { id: 'evaluated', day: 5, en: 'Model evaluated', zh: '模型已评测', tickedBy: 'eval-after' },
  { id: 'cases', day: 5, en: 'Comparison cases', zh: '对比案例', tickedBy: 'report' },
  { id: 'documents', day: 5, en: 'Documents and slides', zh: '文档与幻灯片', tickedBy: 'report' },
  { id: 'demo-ready', day: 5, en: 'Demo ready', zh: '演示就绪', tickedBy: 'person' },
];

/** Whether a person ticks this item, not the plan. */
export const isPersons = (id: string): boolean =>
  CHECKLIST.some((item) => item.id === id && item.tickedBy === 'person');
