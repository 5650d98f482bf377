"""`python -m lounge`."""

from lounge.cli import main

if __name__ == "__main__":
    main(prog_name="lounge")
