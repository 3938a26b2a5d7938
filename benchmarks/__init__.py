"""Figures of speed and of learning, measured under what ``ngp`` sets for itself."""

from newgameplus.executor.threads import let_waiting_threads_sleep

let_waiting_threads_sleep()  # before any of them loads torch
