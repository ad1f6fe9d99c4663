"""`python -m milopt`: the command."""

import sys

from ._cli import main

sys.exit(main())
