"""`python -m surgesim.cli`."""

from surgesim.cli import main

if __name__ == "__main__":
    main()
