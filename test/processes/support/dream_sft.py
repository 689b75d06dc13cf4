"""Stands in for the trainer where only the process around it is tested: `python -m dream_sft`."""

import json
import os
import signal
import subprocess
import sys

STARTED = {
    "type": "started",
    "command": "sample",
    "pid": os.getpid(),
    "pythonVersion": "3",
    "torchVersion": None,
    "device": "cpu",
    "threads": None,
}
RESULT = {
    "type": "result",
    "command": "sample",
    "folder": None,
    "files": [],
    "metrics": {"answers": [], "secondsPerToken": 0.5},
}


def event(value: dict) -> None:
    print(json.dumps(value), flush=True)


def log(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    with open(sys.argv[sys.argv.index("--spec") + 1]) as file:
        behaviour = json.load(file)["behaviour"]
    if behaviour == "finish":
        event(STARTED)
        log("a line for people")
        event({"type": "warning", "message": "m"})
        event(RESULT)
    elif behaviour == "chatter":
        print("hello from a library")
        event({"type": "unknown"})
    elif behaviour == "bad-data":
        event({"type": "error", "reason": "data", "message": "bad", "mistakes": ["row 7"]})
        sys.exit(65)
    elif behaviour == "until-stopped":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(75))
        log("waiting")
        signal.pause()
    elif behaviour == "answers-pings":
        log("waiting")
        for line in sys.stdin:
            event({"type": "pong", "id": 1000 + int(line.split()[1])})
            event({"type": "pong", "id": int(line.split()[1])})
    elif behaviour == "with-child":
        log(f"child {subprocess.Popen(['sleep', '60']).pid}")
        signal.pause()
    elif behaviour == "leaves-child":
        log(f"child {subprocess.Popen(['sleep', '60']).pid}")
    elif behaviour == "until-eof":
        log("waiting")
        sys.stdin.read()


main()
