from __future__ import annotations

from pathlib import Path

from dream_sft.train.fingerprint import code_digest, differences


def test_the_code_that_computes_is_part_of_it(tmp_path: Path) -> None:
    for name in ("model/network.py", "train/methods/lora.py", "commands/train.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("one = 1\n")
    first = code_digest(tmp_path)
    assert code_digest(tmp_path) == first and len(first) == 16
    (tmp_path / "commands/train.py").write_text("two = 2\n")
    (tmp_path / "model/notes.txt").write_text("not code")
    assert code_digest(tmp_path) == first
    (tmp_path / "train/methods/lora.py").write_text("one = 2\n")
    changed = code_digest(tmp_path)
    (tmp_path / "train/methods/lora.py").rename(tmp_path / "train/lora.py")
    assert len({first, changed, code_digest(tmp_path)}) == 3


def test_a_checkpoint_that_does_not_know_of_it_differs() -> None:
    now = {"threads": "1", "trainer code": code_digest()}
    assert differences({"threads": "1"}, now) == [
        {"what": "trainer code", "checkpoint": "unknown", "now": now["trainer code"]}
    ]
