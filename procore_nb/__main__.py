"""`python -m procore_nb` is `procore-nb`.

In: words typed in a terminal. Out: an exit code. Speaks to services only through the client.
"""

from procore_nb.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
