"""`python -m xaicourse`: the command line."""

import sys

from xaicourse.cli import main

if __name__ == "__main__":
    sys.exit(main())
