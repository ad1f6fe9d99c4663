"""The `milopt` command."""

import signal
import sys

from . import _milopt


def main() -> int:
    # As a command of its own would be ended.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _milopt.command(["milopt", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
