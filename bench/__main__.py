"""`python -m bench FOLDER`: what `python -m bench.processors FOLDER` does."""

import sys

from bench.processors import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
