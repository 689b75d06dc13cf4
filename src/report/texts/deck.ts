/** What only the slides and the denoising say. */
export const DECK = {
  denoising: ['How the answer formed', '答案如何生成'],
  denoisingOther: [
    'Decoded once more it became another answer, and formed like this',
    '重新解码得到了另一个答案，其生成过程如下',
  ],
  notTraced: [
    'How these answers formed was not recorded: {why}',
    '未能记录这些答案的生成过程：{why}',
  ],
  denoisingLegend: [
    '▢ masked, ∎ the end. Thicker underline and deeper colour: surer, by rank within this answer.',
    '▢ 为掩码，∎ 为结束。下划线越粗、颜色越深表示越有把握（按本答案内的排名）。',
  ],
  denoisingStep: ['step {step} of {steps}', '第 {step} 步，共 {steps} 步'],
  slideLegend: [
    '□ masked, ∎ the end; dotted: least sure, single line: middle, thick line: surest of this answer.',
    '□ 为掩码，∎ 为结束；点线最没把握，单线居中，粗线最有把握（在本答案内）。',
  ],
  noDenoising: [
    'How this answer formed was not recorded. dream-sft retry {id} --from report decodes it once more, on a GPU host.',
    '没有记录这个答案的生成过程。运行 dream-sft retry {id} --from report 会在 GPU 主机上重新解码并记录。',
  ],
  unknownPick: [
    '{pick} was chosen by hand, but was not asked.',
    '人工挑选的 {pick} 不在评测的题目之中。',
  ],
  casesByHand: ['Chosen by hand, not by rule.', '由人挑选，并非按规则选取。'],
  goal: ['Goal', '目标'],
  goalText: [
    'Fine-tune {base} on {rows} rows within {days} and {cap}, on hosts that may vanish, and measure before and after.',
    '在 {days}和 {cap} 之内，用 {rows} 行数据在随时可能消失的主机上微调 {base}，并测量前后差别。',
  ],
  goalCriteria: [
    'To be judged by: explaining how Dream works, why these parameters, before and after, difficulties and solutions, analysis and next steps.',
    '评判标准：讲清 Dream 的原理、参数的理由、前后对比、困难与解决、分析与下一步。',
  ],
  method: ['Method: masked diffusion', '方法：掩码扩散'],
  methodTrain: [
    'Training: each row draws a noise level t; that share of its answer is masked, and the model predicts what was masked. The prompt is never masked.',
    '训练：每行抽取噪声水平 t，按此比例遮盖回答，让模型预测被遮盖的词元；提示从不遮盖。',
  ],
  methodSample: [
    'Answering: begin with masks only; at each step the model predicts all of them and some are decided, until none is left.',
    '回答：从全是掩码开始，每一步预测所有掩码并确定其中一部分，直到没有掩码。',
  ],
  methodShift: [
    'Dream was made from an autoregressive model, so the prediction for a position is read at the position before it.',
    'Dream 由自回归模型改造而来，所以某位置的预测要在它的前一个位置读取。',
  ],
  methodExact: [
    'Noise is a function of seed, row and epoch: a training that was interrupted goes on exactly as if it had not been.',
    '噪声由种子、行号和轮次决定：被中断的训练恢复后与未中断完全一致。',
  ],
  parameter: ['Parameter', '参数'],
  value: ['Value', '取值'],
  results: ['Results', '结果'],
  caseOf: ['Case {n}: {verdict}', '案例 {n}：{verdict}'],
  drill: ['Drill, made on purpose', '演练（人为制造）'],
  drillInstead: [
    'Nothing was interrupted in this plan, so it proves nothing here. A drill of your own can (dream-sft note records it).',
    '本计划没有发生中断，因此这里证明不了什么。可以自己做一次演练（用 dream-sft note 记录）。',
  ],
  more: ['… and {n} more in the report', '……报告中还有 {n} 项'],
  limitsAndNext: ['Limits and next steps', '局限与下一步'],
} as const satisfies Record<string, readonly [string, string]>;
