from __future__ import annotations

import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parents[3] / "bench"
sys.path.extend([str(BENCH), str(BENCH / "gpu")])
