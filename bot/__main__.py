"""`python -m bot` and the `papers` command."""

from bot.edges.cli import main

if __name__ == "__main__":
    main()
