/** The last page, limits and difficulties. */
export const CRITERIA = {
  semicolon: ['; ', '；'],
  criteria: ['The five success criteria', '五条成功标准'],
  criteriaIntro: [
    'What the plan is judged by. The process matters more than the result.',
    '计划以此评判。过程比结果重要。',
  ],
  criterion: ['Criterion', '标准'],
  evidence: ['Evidence', '证据'],
  missing: ['missing', '缺'],
  criterionExplain: ['The person can explain how Dream works', '能讲清 Dream 的原理'],
  criterionParameters: ['Why these training parameters', '能说明为何选这些训练参数'],
  reason: ['Why', '理由'],
  criterionCompared: ['Before and after', '有前后对比'],
  criterionDifficulties: ['Difficulties and how they were solved', '能讲遇到的困难与解决办法'],
  criterionAnalysis: ['Analysis of the result, and what next', '能分析结果并提出下一步'],
  evidenceRead: [
    'ticked on {day} by a person: how masked diffusion works, read',
    '{day} 由本人勾选：已读懂掩码扩散的原理',
  ],
  evidenceDenoising: [
    'answers whose denoising was recorded step by step: {n}',
    '{n} 个答案的逐步去噪过程',
  ],
  evidencePilot: ['a pilot ({n} candidates): {sentence}', '{n} 个候选的试点：{sentence}'],
  evidenceReasons: [
    'parameters with their reasons and sources: {n} (dream-sft plan explain)',
    '{n} 个参数各有理由与出处：dream-sft plan explain',
  ],
  evidenceComparison: [
    'suites compared pair by pair, with p-values: {n}; cases: {cases}',
    '{n} 个评测集逐题配对比较，附 p 值；{cases} 个案例',
  ],
  evidenceScores: [
    'suites scored before and after, without a paired test: {n}; cases: {cases}',
    '{n} 个评测集有前后得分，但没有配对检验；{cases} 个案例',
  ],
  evidenceDifficulties: [
    'notes: {notes}; post-mortems: {postMortems}; back-offs: {backOffs}',
    '{notes} 条记录、{postMortems} 份事后分析、{backOffs} 次退让',
  ],
  evidenceAnalysis: [
    'suites with a verdict: {n}; diagnoses: {diagnoses}; advice: {advice}',
    '{n} 个评测集的结论；{diagnoses} 条诊断、{advice} 条建议',
  ],
  difficulties: ['Difficulties and how they were solved', '困难与解决'],
  noDifficulties: [
    'None were noted: no note by a person, no interruption, no back-off.',
    '没有记录：没有人工记录，没有中断，没有退让。',
  ],
  when: ['When (UTC)', '时间（UTC）'],
  source: ['From', '来源'],
  whatHappened: ['What happened and what followed', '发生了什么，如何解决'],
  fromNote: ['note', '记录'],
  fromPostMortem: ['post-mortem', '事后分析'],
  fromBackOff: ['back-off', '退让'],
  postMortemSentence: [
    '{stage} on {host}: {kind}, {noticed}; seen after {detected}, going on after {resumed} from step {step}; {lost} steps repeated, {money} lost.',
    '{stage}（{host}）：{kind}，{noticed}；{detected}后发现，{resumed}后从第 {step} 步继续；重复 {lost} 步，损失 {money}。',
  ],
  noticed: ['with notice', '有预警'],
  unnoticed: ['without notice', '无预警'],
  backOffSentence: [
    '{resource} ran out; the next attempt took micro-batches of at most {tokens} tokens.',
    '{resource}不足；下一次尝试每个微批最多 {tokens} 个词元。',
  ],
  backOffNoBudget: [
    '{resource} ran out; that host took no more work.',
    '{resource}不足；该主机不再接活。',
  ],
  'gpu-memory': ['GPU memory', 'GPU 内存'],
  'host-memory': ['host memory', '主机内存'],
  disk: ['disk', '磁盘'],
  nextSteps: ['Next steps', '下一步'],
  nextSeed: [
    'Train once more with another seed: is the difference that large again?',
    '换一个种子再训练一次：差别还一样大吗？',
  ],
  nextAnchor: [
    'Answer 200 gsm8k questions under the published settings, to anchor the harness.',
    '按公布的设置回答 200 道 gsm8k 题，给评测定锚。',
  ],
} as const satisfies Record<string, readonly [string, string]>;
