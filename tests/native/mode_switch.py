"""A Mega Drive game whose video mode changes every 16 frames, written as machine code, for tests.

It counts its frames and sums what the first pad holds, so that its memory depends on every button of its past.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

from newgameplus.emulator.cores import console_named, core_of
from newgameplus.emulator.native import NativeEmulator

NAME = "ModeSwitch-Genesis-v0"
SIZES = ((224, 320), (224, 256))
"""Height and width of the pictures that the game shows in turn."""
MODE_FRAMES = 16

_SET_UP = """
    46FC 2700                  move   #$2700,sr
    1039 00A1 0001             move.b $A10001,d0          the console's version
    0200 000F                  andi.b #15,d0
    670A                       beq.s  *+12
    23FC 5345 4741 00A1 4000   move.l #'SEGA',$A14000     unlocks the video chip
    41F9 00C0 0004             lea    $C00004,a0          video: registers
    43F9 00C0 0000             lea    $C00000,a1          video: data
    45F9 00FF 0000             lea    $FF0000,a2          work memory
    30BC 8004                  move.w #$8004,(a0)
    30BC 8144                  move.w #$8144,(a0)         picture on
    30BC 8230                  move.w #$8230,(a0)         plane A
    30BC 8407                  move.w #$8407,(a0)         plane B
    30BC 8570                  move.w #$8570,(a0)         sprites
    30BC 8700                  move.w #$8700,(a0)         backdrop
    30BC 8B00                  move.w #$8B00,(a0)
    30BC 8C81                  move.w #$8C81,(a0)         40 columns
    30BC 8D3C                  move.w #$8D3C,(a0)
    30BC 8F02                  move.w #$8F02,(a0)
    30BC 9001                  move.w #$9001,(a0)
    4292                       clr.l  (a2)
    426A 0004                  clr.w  4(a2)
    20BC 4000 0000             move.l #$40000000,(a0)     the tile that fills the picture
    22BC 0123 0123             move.l #$01230123,(a1)
    22BC 1111 2222             move.l #$11112222,(a1)
    22BC 0033 3300             move.l #$00333300,(a1)
    22BC 1230 1230             move.l #$12301230,(a1)
    22BC 3333 1111             move.l #$33331111,(a1)
    22BC 2020 2020             move.l #$20202020,(a1)
    22BC 0000 0001             move.l #$00000001,(a1)
    22BC 3210 0000             move.l #$32100000,(a1)
    20BC C000 0000             move.l #$C0000000,(a0)     four colours
    32BC 0000                  move.w #$0000,(a1)
    32BC 000E                  move.w #$000E,(a1)
    32BC 00E0                  move.w #$00E0,(a1)
    32BC 0E00                  move.w #$0E00,(a1)
    7E00                       moveq  #0,d7               frames
"""
_LOOP = """
    3010                       move.w (a0),d0             while the screen is blank
    0800 0003                  btst   #3,d0
    66F8                       bne.s  *-6
    3010                       move.w (a0),d0             until it is blank again
    0800 0003                  btst   #3,d0
    67F8                       beq.s  *-6
    5247                       addq.w #1,d7
    3487                       move.w d7,(a2)
    13FC 0040 00A1 0009        move.b #$40,$A10009        the pad
    13FC 0040 00A1 0003        move.b #$40,$A10003
    4E71                       nop
    4E71                       nop
    7200                       moveq  #0,d1
    1239 00A1 0003             move.b $A10003,d1
    4601                       not.b  d1
    0201 003F                  andi.b #$3F,d1
    3541 0002                  move.w d1,2(a2)
    D36A 0004                  add.w  d1,4(a2)
    20BC C000 0000             move.l #$C0000000,(a0)     the backdrop follows the frame
    3287                       move.w d7,(a1)
    3407                       move.w d7,d2               a mode every 16 frames
    E84A                       lsr.w  #4,d2
    0242 0001                  andi.w #1,d2
    E34A                       lsl.w  #1,d2
    47FA 0008                  lea    table(pc),a3
    30B3 2000                  move.w 0(a3,d2.w),(a0)
"""
_TABLE = "8C81 8C00"
"""40 columns, 32 columns."""


def rom() -> bytes:
    """The game's ROM, 64 KiB."""
    set_up, loop = _code(_SET_UP), _code(_LOOP)
    back = bytes([0x60, 0x100 - len(loop) - 2])
    image = bytearray(b"\xff" * 65536)
    image[:0x100] = (0xFFFE00).to_bytes(4, "big") + (0x200).to_bytes(4, "big") * 63
    image[0x100:0x200] = b"SEGA GENESIS    ".ljust(0x100)
    image[0x1A0:0x1A8] = bytes(4) + (0xFFFF).to_bytes(4, "big")
    image[0x1F0:0x1F3] = b"JUE"
    program = set_up + loop + back + bytes.fromhex(_TABLE)
    image[0x200 : 0x200 + len(program)] = program
    return bytes(image)


def write_game(collection: Path, core: str = "genesis_plus_gx") -> Path:
    """Write the game with a start state for ``core`` into a folder of games, and return its own folder."""
    folder = collection / NAME
    folder.mkdir(parents=True)
    (folder / "rom.md").write_bytes(rom())
    (folder / "rom.sha").write_text(f"{hashlib.sha1(rom()).hexdigest()}\n")
    addresses = {"frame": 0xFF0000, "held": 0xFF0002, "total": 0xFF0004}
    info = {name: {"address": address, "type": ">u2"} for name, address in addresses.items()}
    (folder / "data.json").write_text(json.dumps({"info": info}))
    (folder / "scenario.json").write_text(json.dumps({"reward": {"variables": {"total": {"reward": 1}}}}))
    (folder / "metadata.json").write_text(json.dumps({"core": core, "default_state": "Start"}))
    emulator = NativeEmulator(folder / "rom.md", core_of(console_named("Genesis"), core))
    for _ in range(20):
        emulator.step()
    (folder / "Start.state").write_bytes(gzip.compress(emulator.save()))
    emulator.close()
    return folder


def _code(listing: str) -> bytes:
    """The first 26 columns of each line, after the indentation."""
    return b"".join(bytes.fromhex(line[4:31]) for line in listing.strip("\n").splitlines())
