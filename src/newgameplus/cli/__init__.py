"""The command line ``ngp``: one file per verb, imported only when that verb runs."""
