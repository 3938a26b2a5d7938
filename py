#!/bin/bash
export PYTHONPATH=/work/wt-me/src:/work/wt-me:/work/main/.venv/lib/python3.11/site-packages
exec python3 "$@"
