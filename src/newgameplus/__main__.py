"""``python -m newgameplus`` is ``ngp``."""

from newgameplus.cli.main import main

if __name__ == "__main__":
    main()
