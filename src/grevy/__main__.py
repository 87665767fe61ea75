"""`python -m grevy`."""

from grevy.cli.main import main

main()
