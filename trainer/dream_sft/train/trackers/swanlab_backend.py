"""SwanLab (package swanlab), online or in mode local."""

from __future__ import annotations

from importlib.util import find_spec

from dream_sft.train.trackers.service import Service


class SwanlabBackend(Service):
    """Files lie in `<run_dir>/swanlab`; `swanlab watch` shows local ones."""

    def open(self) -> None:
        import swanlab

        folder = self._run_dir / "swanlab"
        folder.mkdir(parents=True, exist_ok=True)
        self._run = swanlab.init(
            project=self._account.project,
            name=self._run_id,
            id=self._run_id,
            resume="allow",
            # An online attempt that was given up may still count as active.
            reinit=True,
            log_dir=str(folder),
            mode="online" if self._online else self._mode_without_a_server(),
            config=self._settings,
            settings=swanlab.Settings(
                # It must not ask for a key, nor send more than numbers.
                interactive=False,
                terminal={"proxy_type": "none"},
                probe={"requirements": False, "git": False, "runtime": False},
            ),
        )

    @staticmethod
    def _mode_without_a_server() -> str:
        # Mode local needs the dashboard package; without it the same records go to files that
        # `swanlab sync` can send.
        return "local" if find_spec("swanboard") is not None else "offline"
