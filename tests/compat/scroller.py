"""A game for the NES, written by hand in machine code: Right scrolls the level, A costs a life.

Its variables are those of a platformer: where the level has scrolled to, in two bytes, and lives.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

NAME = "Scroller-Nes"
SCROLL_HIGH, SCROLL_LOW, LIVES = 0x071A, 0x071C, 0x075A

RESET = bytes.fromhex(
    "78 d8 a2 ff 9a"  # sei; cld; ldx #$ff; txs
    "a9 00 8d 00 20 8d 01 20 8d 1c 07 8d 1a 07"  # lda #0; sta $2000; sta $2001; sta SCROLL_LOW; sta SCROLL_HIGH
    "a9 02 8d 5a 07"  # lda #2; sta LIVES
    "2c 02 20 10 fb 2c 02 20 10 fb"  # wait for two vertical blanks
    "a9 80 8d 00 20"  # lda #$80; sta $2000: an interrupt per frame from now on
    "4c 27 c0"  # jmp to itself
)
EVERY_FRAME = bytes.fromhex(
    "a9 01 8d 16 40 a9 00 8d 16 40"  # lda #1; sta $4016; lda #0; sta $4016: look at the pad
    "a2 08 ad 16 40 4a 26 10 ca d0 f7"  # ldx #8; lda $4016; lsr a; rol $10; dex; bne: A is bit 7, Right bit 0
    "a5 10 29 01 f0 08"  # lda $10; and #1; beq: not Right
    "ee 1c 07 d0 03 ee 1a 07"  # inc SCROLL_LOW; bne; inc SCROLL_HIGH
    "a5 10 10 03 ce 5a 07"  # lda $10; bpl: not A; dec LIVES
    "40"  # rti
)
DATA = {
    "info": {
        "lives": {"address": LIVES, "type": "|i1"},
        "xscrollHi": {"address": SCROLL_HIGH, "type": "|u1"},
        "xscrollLo": {"address": SCROLL_LOW, "type": "|u1"},
    }
}
SCENARIO = {
    "done": {"variables": {"lives": {"op": "equal", "reference": -1}}},
    "reward": {"variables": {"xscrollLo": {"reward": 1}}},
}


def rom() -> bytes:
    """The cartridge: 16 kB of program at $C000, memory for characters, no mapper."""
    program = bytearray(0x4000)
    program[: len(RESET)] = RESET
    program[0x100 : 0x100 + len(EVERY_FRAME)] = EVERY_FRAME
    program[0x3FFA:] = bytes.fromhex("00 c1 00 c0 00 c0")  # at an interrupt per frame, at a reset, at another interrupt
    return b"NES\x1a\x01\x00" + bytes(10) + bytes(program)


def write_game(collection: Path) -> Path:
    """Write the game and its integration, which has no start state, into a folder of games."""
    folder = collection / NAME
    folder.mkdir()
    (folder / "rom.nes").write_bytes(rom())
    (folder / "rom.sha").write_text(hashlib.sha1(rom()[16:]).hexdigest() + "\n")
    (folder / "data.json").write_text(json.dumps(DATA))
    (folder / "scenario.json").write_text(json.dumps(SCENARIO))
    (folder / "metadata.json").write_text("{}")
    return folder
