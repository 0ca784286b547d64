"""`python -m controller` is `mbx`."""

from controller.cli import main

main()
