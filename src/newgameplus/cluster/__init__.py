"""The executor's other side: tasks on many machines, placed by Dask distributed (extra ``cluster``).

Dask places each attempt once, carries messages and says who died. Tries, checkpoints and the setting aside of tasks are
those of :mod:`newgameplus.executor`, the same as on one machine. A worker plays every task in a spawned process.
"""
