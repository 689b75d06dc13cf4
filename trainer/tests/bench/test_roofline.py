from __future__ import annotations

import json
from pathlib import Path

import pytest
from roofline import Case, least_ms, lora_weights, part_of, report

FUSED = Case("fused", 2048, documents=16, again=1.0, rank=16, micro_batches=2)
LORA = Case("bf16", 2048, documents=6, again=0.0, rank=16, micro_batches=1)
LINES = [
    {"profiledMs": 3000.0},
    {"kernel": "nvjet_sm90_tst_192x192_64x4", "ms": 2000.0},
    {"kernel": "cudnn_generated_fort_native_sdpa_sm90_flash_bprop", "ms": 300.0},
    {"kernel": "Memcpy HtoD (Pinned -> Device)", "ms": 200.0},
    {"kernel": "triton_poi_fused__unsafe_view_mul_silu_1", "ms": 100.0},
    {"spanMs": 2900.0, "idleMs": 20.0},
    {"idleMs": 0.4, "atMs": 1.0, "before": "a", "after": "b"},
]


def test_the_work_of_a_step() -> None:
    assert lora_weights(16) == 40_370_176
    least = least_ms(LORA, "H200")
    # 4 x 6.525e9 matrix weights of the layers, 4 x 545e6 of the head for masked positions.
    products = 4 * 6_525_288_448 * 12_480 + 4 * 544_997_376 * 4_704 + 6 * 40_370_176 * 12_480
    assert least["products"] == pytest.approx(products / 989e12 * 1e3)
    assert "sums" not in least
    assert least_ms(FUSED, "H200")["attention"] == pytest.approx(
        16 * 28 * 3584 * 16 * 2080**2 / 989e12 * 1e3
    )
    quantised = Case("fp8", 2048, documents=6, again=0.0, rank=16, micro_batches=1)
    assert least_ms(quantised, "H200")["products"] < 0.53 * least["products"]


def test_what_is_lost_and_what_is_least_make_up_the_step(tmp_path: Path) -> None:
    profile = tmp_path / "lines.json"
    profile.write_text("a warning\n" + "\n".join(json.dumps(line) for line in LINES))
    lines = {line["part"]: line for line in report(FUSED, "H200", profile)}
    assert lines["not listed"]["kernelsMs"] == 400.0
    assert "lostPercent" not in lines["copies to and from the host"]
    assert lines["elementwise"]["lostPercent"] == round(100 * 100 / 2900, 1)
    assert lines["step"]["of"] == pytest.approx(lines["step"]["leastMs"] / 2900, abs=1e-4)


def test_kernels_are_told_by_their_names() -> None:
    assert part_of("cudnn_generated_fort_native_sdpa_sm90_flash_fprop_wgmma") == "attention"
    assert part_of("nvjet_sm90_tst_128x256_64x4_2x1_v_bz_coopA_NTN") == "products"
    assert part_of("triton_poi_fused_add_copy__0") == "sums"
    assert part_of("triton_red_fused__to_copy_mean_mul_pow_rsqrt_0") == "elementwise"
