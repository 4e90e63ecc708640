"""`python -m backend.app` is the program `hotline`."""

from backend.app.cli import main

main()
