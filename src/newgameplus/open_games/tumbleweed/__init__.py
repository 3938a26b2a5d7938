"""Tumbleweed, the open game of the contest: its terrain, objects, zones, levels, and the proof that these can be won.

The game itself is C and assembler in ``games/tumbleweed``; the tables that both sides need are defined here, once.
"""
