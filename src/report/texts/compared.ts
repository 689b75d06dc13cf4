/** What the comparison of before and after says. */
export const COMPARED = {
  sentenceBetter: [
    '{suite}: better, {difference} points (95 % interval {from} to {to}, not adjusted; exact McNemar {p}, adjusted over all suites; {n} questions, {won} won, {lost} lost).',
    '{suite}：变好，{difference} 分（95% 区间 {from} 至 {to}，未校正；McNemar 精确检验 {p}，已按所有评测集校正；共 {n} 题，{won} 题由错变对，{lost} 题由对变错）。',
  ],
  sentenceWorse: [
    '{suite}: worse, {difference} points (95 % interval {from} to {to}, not adjusted; exact McNemar {p}, adjusted over all suites; {n} questions, {won} won, {lost} lost).',
    '{suite}：变差，{difference} 分（95% 区间 {from} 至 {to}，未校正；McNemar 精确检验 {p}，已按所有评测集校正；共 {n} 题，{won} 题由错变对，{lost} 题由对变错）。',
  ],
  sentenceSame: [
    '{suite}: no distinguishable change, {difference} points (95 % interval {from} to {to}, not adjusted; exact McNemar {p}, adjusted over all suites; {n} questions, {won} won, {lost} lost). This does not say that before and after are equal.',
    '{suite}：没有可分辨的变化，{difference} 分（95% 区间 {from} 至 {to}，未校正；McNemar 精确检验 {p}，已按所有评测集校正；共 {n} 题，{won} 题由错变对，{lost} 题由对变错）。这并不说明前后相等。',
  ],
  detectableSentence: [
    'The smallest difference that {n} questions show 4 times out of 5: {points} points.',
    '{n} 道题在五次评测中有四次能显示的最小差别：{points} 分。',
  ],
  screeningOnly: [
    '{suite}: screening only. {n} questions say where to look, not what is so.',
    '{suite}：仅供初筛。{n} 道题只能提示该看哪里，不能下结论。',
  ],
  notCompared: ['Not compared: {why}', '未做比较：{why}'],
  differences: ['The difference', '前后差别'],
  difference: ['Difference (points)', '差别（分）'],
  bootstrapInterval: ['Paired bootstrap, 95 %', '配对自助法 95% 区间'],
  newcombeInterval: ['Newcombe, 95 %', 'Newcombe 95% 区间'],
  mcnemar: ['McNemar p', 'McNemar p 值'],
  holm: ['p by Holm', 'Holm 校正 p 值'],
  won: ['Won', '由错变对'],
  lost: ['Lost', '由对变错'],
  both: ['Right both times', '前后都对'],
  neither: ['Wrong both times', '前后都错'],
  detectable: ['Smallest shown', '最小可测差别'],
  answerTokens: ['Tokens (mean / median)', '词元数（均值/中位数）'],
  firstEos: ['First end token (median)', '首个结束符位置（中位数）'],
  empty: ['Empty', '空答'],
  truncated: ['Truncated', '被截断'],
  secondsPerQuestion: ['s / question', '每题秒数'],
  cnyPerQuestion: ['CNY / question', '每题费用'],
  cnyInAll: ['CNY, all', '费用合计'],
  costTold: [
    'Cost: seconds of answering at {price} per host-hour; the total of a line is rounded up to a whole fen, and a question is its share. Start of host and loading of the model are not in it.',
    '费用：答题秒数乘以每主机小时 {price}；每行合计向上取整到 1 分，每题为其平均；不含主机启动和模型加载。',
  ],
  answersTold: ['How the answers look', '答案的样子'],
  winsAndLosses: ['Wins and losses', '由错变对与由对变错的题'],
  wonIds: ['{suite}: won ({n})', '{suite}：由错变对（{n} 题）'],
  lostIds: ['{suite}: lost ({n})', '{suite}：由对变错（{n} 题）'],
  unreadableList: [
    '{suite}, {when}: cannot be read ({n})',
    '{suite}，{when}：读不出答案（{n} 题）',
  ],
  none: ['none', '无'],
  bySubject: ['By subject', '按学科'],
  subjects: ['{suite} by subject', '{suite} 按学科'],
  subject: ['Subject', '学科'],
  subjectInterval: ['Interval (not adjusted)', '区间（未校正）'],
  flips: [
    '{suite}: asked again at another batch size, the model before graded {graded} of {n} questions otherwise and worded {text} otherwise. What is no larger than that is noise of the batch.',
    '{suite}：换一个批大小再问微调前的模型，{n} 题中有 {graded} 的判分不同，{text} 的文字不同。不大于此的差别只是批大小带来的噪声。',
  ],
  contamination: ['Training data and questions', '训练数据与题目的重叠'],
  contaminatedSentence: [
    '{suite}: training rows hold {count} of its questions. Without them ({n} questions): {before} → {after}, {difference} points ({from} to {to}), {p}.',
    '{suite}：训练数据含有其中 {count} 道题。去掉之后（{n} 题）：{before} → {after}，{difference} 分（{from} 至 {to}），{p}。',
  ],
  contaminatedAll: [
    '{suite}: training rows hold every question ({count}); no score is left without them.',
    '{suite}：训练数据含有全部 {count} 道题，去掉之后没有可用的得分。',
  ],
  contaminatedNone: [
    '{suite}: no training row holds a question of it (equal text, or 8 to 13 words in a row).',
    '{suite}：训练数据不含其中任何一题（按文字相同或连续 8 至 13 个词判断）。',
  ],
  contaminatedList: ['{suite}: questions that training rows hold', '{suite}：训练数据含有的题目'],
  contaminatedRow: ['{id}: rows {rows} ({rule})', '{id}：第 {rows} 行（{rule}）'],
  canvasCheck: ['The same questions on canvases of several sizes', '同样的题目、不同大小的画布'],
  canvas: ['Canvas (tokens)', '画布（词元）'],
  meanTokens: ['Tokens (mean)', '词元数（均值）'],
  overflowSentence: [
    'A larger canvas gives more empty answers ({p}): end tokens overflow into it.',
    '画布越大空答越多（{p}）：结束符溢出。',
  ],
  noOverflowSentence: [
    'A larger canvas does not give clearly more empty answers ({p}).',
    '更大的画布没有带来明显更多的空答（{p}）。',
  ],
  anchorFails: [
    'This harness does not reproduce the published model: {published} under the published settings, {default} under ours, on the same {n} questions. Read every score below with that in mind.',
    '本评测没有复现公布的模型：同样的 {n} 题，按公布的设置得 {published}，按我们的设置得 {default}。阅读下面每个得分时请记住这一点。',
  ],
  anchorHolds: [
    'Anchor: {published} under the published settings and {default} under ours, on the same {n} questions; the harness reproduces the published model.',
    '锚点：同样的 {n} 题，按公布的设置得 {published}，按我们的设置得 {default}；本评测复现了公布的模型。',
  ],
  anchorAbsent: [
    'The harness was not anchored to a published score.',
    '本评测没有与公布的得分对照。',
  ],
  diagnosed: ['What is seen', '观察到的现象'],
  advised: ['What to do', '建议'],
  'd:truncated': [
    '{suite}: many answers were ended by the canvas ({before} before, {after} after, of {n}).',
    '{suite}：许多答案被画布截断（微调前 {before}，微调后 {after}，共 {n} 题）。',
  ],
  'd:empty': [
    '{suite}: many answers are end tokens only ({before} before, {after} after, of {n}).',
    '{suite}：许多答案只有结束符（微调前 {before}，微调后 {after}，共 {n} 题）。',
  ],
  'd:unreadable': [
    '{suite}: many answers cannot be read, and count as wrong ({before} before, {after} after, of {n}).',
    '{suite}：许多答案无法读取，按错计（微调前 {before}，微调后 {after}，共 {n} 题）。',
  ],
  'd:longer': [
    '{suite}: answers became much longer ({before} tokens before, {after} after, on average).',
    '{suite}：答案明显变长（平均词元数：微调前 {before}，微调后 {after}）。',
  ],
  'd:contaminated': [
    '{suite}: training rows hold questions of this suite.',
    '{suite}：训练数据含有这个评测集的题目。',
  ],
  'd:few-questions': [
    '{suite}: {n} questions may well miss a difference of 5 points.',
    '{suite}：{n} 道题不足以可靠地发现 5 分的差别。',
  ],
  'd:within-batch-noise': [
    '{suite}: the difference is no larger than what another batch size does to the same model.',
    '{suite}：差别不大于同一模型换批大小带来的变化。',
  ],
  'a:raise-canvas': [
    'Raise evaluation.sampling.maxNewTokens, before and after alike.',
    '调大 evaluation.sampling.maxNewTokens，前后都要一样。',
  ],
  'a:shorten-eos-tail': [
    'Train with a shorter tail of end tokens, so that empty answers are not learned.',
    '训练时缩短结束符尾部，以免学成空答。',
  ],
  'a:match-answer-format': [
    'Give the training answers the form that the grader reads (#### or a box).',
    '让训练答案采用判分能读取的格式（#### 或方框）。',
  ],
  'a:lower-learning-rate': [
    'Lower the learning rate or train fewer epochs, and compare the loss on held-out rows.',
    '降低学习率或减少训练轮数，并比较留出数据上的损失。',
  ],
  'a:trust-clean-score': [
    'Trust the score without the questions that training rows hold.',
    '以去掉训练数据所含题目之后的得分为准。',
  ],
  'a:ask-more-questions': [
    'Ask more questions: gsm8k in full (1319) shows differences of about 2.5 points.',
    '增加题数：完整的 gsm8k（1319 题）能显示约 2.5 分的差别。',
  ],
  'a:compare-at-one-batch-size': [
    'Compare at one batch size only, and do not read this difference as a gain or a loss.',
    '只在同一批大小下比较，不要把这个差别当成进步或退步。',
  ],
  limits: ['What the numbers do not show', '这些数字没有说明什么'],
  limitSeed: [
    'Before and after differ by one training with one seed: another seed may give another difference.',
    '前后差别来自一个种子的一次训练，换个种子差别可能不同。',
  ],
  limitInterval: [
    'Intervals and p-values cover the choice of questions only, not training, sampling or grading.',
    '区间和 p 值只反映题目抽样，不包含训练、解码和判分的随机性。',
  ],
  limitGrader: [
    'A right answer with wrong working counts as right; an answer that cannot be read counts as wrong.',
    '过程错而答案对的算对，读不出答案的算错。',
  ],
  limitScope: [
    'Nothing is said of anything but {suites}: not of other tasks, of dialogue, or of safety.',
    '只评测了 {suites}：不能说明其他任务、对话能力或安全性。',
  ],
  limitPretraining: [
    'Questions that the base model saw before this training cannot be found here.',
    '基座模型在此之前是否见过这些题目，这里无从得知。',
  ],
  limitNoTest: [
    'There is no paired test in this report: overlapping intervals alone may hide a real change.',
    '本报告没有配对检验：仅看区间重叠可能漏掉真实的变化。',
  ],
  strategies: ['Decoding strategies', '解码策略'],
  strategy: ['Strategy', '策略'],
  strategiesSentence: [
    'The same model and the same {n} questions of {suite} on {device}. Speeds of different devices do not compare.',
    '同一个模型、{suite} 的同样 {n} 题，设备 {device}。不同设备的速度不可比较。',
  ],
  strategiesNote: [
    'Difference and p (exact McNemar) are to the first strategy, and not adjusted for several: of a dozen that are all alike, one has p < 0.05 in about every second comparison.',
    '差别与 p（McNemar 精确检验）均相对第一个策略，未按策略个数校正：十几个完全一样的策略中，约每两次比较就会有一个 p < 0.05。',
  ],
  forwardsPerAnswer: ['Forwards per answer', '每题前向次数'],
  scoreAxis: ['score', '得分'],
  scoreByTokens: ['Score against tokens per second', '得分与每秒词元数'],
  scoreByForwards: ['Score against forwards per answer', '得分与每题前向次数'],
} as const satisfies Record<string, readonly [string, string]>;
