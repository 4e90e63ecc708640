"""The peer of the pop-up figures: nothing but panoramisk, with one callback, in a process of its own."""

from __future__ import annotations

import json
import sys
import time

from panoramisk import Manager


def main() -> None:
    """Sign in as "bench" on the given port (secret on stdin) and print each AgentCalled as one JSON line."""
    manager = Manager(
        host="127.0.0.1", port=int(sys.argv[1]), username="bench", secret=sys.stdin.readline().strip(), ping_delay=0
    )

    def called(_: Manager, message: dict[str, str]) -> None:
        at = time.time()
        line = {"call_id": message["Linkedid"], "number": message["CallerIDNum"], "at": at}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()

    def ready(*_: object) -> None:
        sys.stdout.write("ready\n")
        sys.stdout.flush()

    manager.register_event("AgentCalled", called)
    manager.on_login = ready
    manager.connect()
    manager.loop.run_forever()


if __name__ == "__main__":
    main()
