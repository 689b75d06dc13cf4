#!/usr/bin/env bash
# What bench/README.md says of one card, in parts that take under ten minutes each:
#     bench/on-a-card.sh PART
# Baseline and ours stand in the same part, so that a ratio is never of two machines. PYTHON names
# another interpreter than python3; PUBLISHED the folder of `sampling`'s baseline (gpu/published.py).
set -euo pipefail
cd "$(dirname "$0")/.."
part="${1:-}"
python="${PYTHON:-python3}"
export PYTHONPATH="trainer${PYTHONPATH:+:$PYTHONPATH}" PYTHONUNBUFFERED=1
# A step of whole rows: 6 documents of 2048 or 3 of 4096 fill one row of 12672.
full_rows_2048='2048:documentsPerStep=6'
full_rows_4096='4096:documentsPerStep=3'
s1k_lengths='160+516+715+832+891+945+1008+1255'

train() { "$python" bench/train_gpu.py "$@"; }
script() { "$python" bench/baselines/hf_peft.py "$@"; }

# Rows of 4224 tokens: what a card of 16 or 24 GB has room for; all layers again, or two in five.
capped() {
  local share storage="$1"
  for share in '"all"' 0.4; do
    train "$storage:4096:documentsPerStep=4:tokensPerMicroBatch=4224:activationCheckpointing=$share" \
      --steps "${2:-100}" --warm 5
  done
}

case "$part" in
  tests)
    (cd trainer && "$python" -m pytest -q --tb=short tests/model/test_cudnn_attention.py \
      tests/model/test_used_lengths.py tests/train/test_graphed_layers.py \
      tests/train/test_worst_case_on_a_card.py tests/frozen tests/diffusion/test_noise_on_device.py \
      tests/train/test_block_inputs.py tests/train/test_host_copies.py \
      tests/train/test_fused_backward.py tests/sampling/test_on_gpu.py)
    ;;
  lora)
    train fp8:750 "fp8:$full_rows_2048" "fp8:$full_rows_4096" bf16:750 "bf16:$full_rows_2048" \
      "bf16:$full_rows_4096" "int8:$full_rows_2048" --steps 100 --warm 5
    ;;
  capped)
    capped fp8
    capped int8 30
    ;;
  full)
    train fused:2048:tokensPerMicroBatch=16896 --steps 30 --warm 3 --no-checkpoint --profile
    train 'kept:2048:tokensPerMicroBatch=4224:activationCheckpointing="all"' --steps 20 --no-checkpoint
    ;;
  full-checkpoint)
    train fused:2048:tokensPerMicroBatch=16896 --steps 40 --warm 3
    ;;
  baseline)
    script written:2048 tuned:2048 --steps 20
    train "fp8:$full_rows_2048" "bf16:$full_rows_2048" --steps 100 --warm 5
    ;;
  baseline-s1k)
    script "written:$s1k_lengths" "tuned:$s1k_lengths" --steps 20
    train "fp8:$s1k_lengths:tokensPerMicroBatch=13696" "bf16:$s1k_lengths:tokensPerMicroBatch=13696" \
      --steps 100 --warm 10
    ;;
  deterministic)
    # Each way twice: whether weightsSha256 is equal says whether it is bit-identical.
    for deterministic in false true; do
      case="bf16:$full_rows_2048:deterministic=$deterministic"
      train "$case" "$case" --steps 30 --warm 5
    done
    ;;
  startup) "$python" bench/startup_gpu.py ;;
  new-host) "$python" bench/startup_gpu.py --starts --fetch 500 ;;
  ranks) "$python" bench/ranks_gpu.py lora:2048 full:2048 --ranks 2 --steps 10 ;;
  sampling) "$python" bench/sample_gpu.py --fused both ${PUBLISHED:+--published "$PUBLISHED"} ;;
  quantised-base) "$python" bench/quantised_base.py --steps 200 --device cuda ;;
  *)
    echo 'PART: tests, lora, capped, full, full-checkpoint, baseline, baseline-s1k, deterministic, startup, new-host, ranks, sampling or quantised-base' >&2
    exit 64
    ;;
esac
