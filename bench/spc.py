"""The SPC engine over many values and point by point: `python -m bench.spc [--share 0.2]`."""

import argparse

from bench import spc_engine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the full size, for a quick look")
    spc_engine.main(parser.parse_args().share)


if __name__ == "__main__":
    main()
