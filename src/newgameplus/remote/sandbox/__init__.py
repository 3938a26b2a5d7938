"""A program of somebody else, isolated and limited: namespaces, system calls, memory, processes, files, output.

Three ways, one interface: :mod:`~newgameplus.remote.sandbox.bubblewrap`, :mod:`~newgameplus.remote.sandbox.container`
and :mod:`~newgameplus.remote.sandbox.none` each have ``why_not()``, ``argv(spec)`` and ``start(spec)``;
:func:`newgameplus.remote.sandbox.choice.choose` returns one of them.
"""
