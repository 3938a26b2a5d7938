"""ROMs of a few hundred bytes for most consoles, from machine code written by hand: no compiler, no foreign code.

All run the same program. In each frame it reads the pads, counts frames, adds the pad to a sum, and shows both: as
colours, as the scrolling of a pattern where the console has one, and as the pitch of a tone. So a button, a frame or a
state that is lost changes the memory, the picture and the sound of every later frame.
"""

from __future__ import annotations


def _words(text: str) -> bytes:
    """Machine code of a processor whose words are listed with the most significant byte first."""
    return bytes.fromhex(text)


def _turned(*words: int, size: int = 4) -> bytes:
    """Machine code of a processor whose words begin with the least significant byte."""
    return b"".join(word.to_bytes(size, "little") for word in words)


def _put(rom: bytearray, place: int, content: bytes) -> None:
    rom[place : place + len(content)] = content


def atari_2600() -> bytes:
    """6507, 4 KB at F000; memory 80: frames, 81: joysticks, 82: sum, 83: switches, 84: fire button."""
    rom = bytearray(0x1000)
    start = bytes.fromhex("78 d8 a2ff 9a  a904 8515  a90f 8519")  # stack; AUDC0, AUDV0
    loop = bytes.fromhex(
        "a902 8500 8502 8502 8502 a900 8500"  # VSYNC for three lines
        "e680  ad8002 8581  a582 4581 18 6580 8582  ad8202 8583  a50c 8584"
        "a580 8517"  # AUDF0 = frames
        "a2ff  8502 8a 18 6582 8509 ca d0f5"  # 255 lines, each of another COLUBK
        "8502 8502 8502 8502  4c"
    )
    _put(rom, 0, start + loop + _turned(0xF000 + len(start), size=2))
    _put(rom, 0xFFC, _turned(0xF000, 0xF000, size=2))
    return bytes(rom)


def nes() -> bytes:
    """6502, mapper 0; memory 10, 11: pads, 12: frames, 13: sum."""
    start = bytes.fromhex(
        "78 d8 a2ff 9a a900 8d0020 8d0120"
        "2c0220 10fb 2c0220 10fb"  # the picture processor needs two frames
        "a920 8d0620 a900 8d0620  a200 8e0720 e8 d0fa"  # 256 different tiles
        "a90f 8d1540 a9bf 8d0040"  # a tone of constant volume
        "a960 8511 a900 8510 a8 9110 c8 d0fb e611 10f7"  # clears the cartridge's memory
    )
    loop = bytes.fromhex(
        "2c0220 10fb"
        "a901 8d1640 a900 8d1640 a208  ad1640 4a 2610 ad1740 4a 2611 ca d0f1"
        "e612  18 a513 6510 4511 8513"
        "a93f 8d0620 a900 8d0620  a512 4a 4a 4510 293f 8d0720 a916 8d0720 a92a 8d0720 a930 8d0720"
        "a900 8d0020 a513 8d0520 a900 8d0520  a90a 8d0120"  # scrolled by the sum
        "a512 8d0240 a901 8d0340  4c"
    )
    program = bytearray(0x4000)
    _put(program, 0, start + loop + _turned(0xC000 + len(start), size=2))
    _put(program, 0x3FFA, _turned(0xC000, 0xC000, 0xC000, size=2))
    tiles = bytes(index * 37 >> 3 & 0xFF for index in range(0x2000))
    return b"NES\x1a\x01\x01" + bytes(10) + bytes(program) + tiles


def game_boy(*, has_colour: bool = False) -> bytes:
    """SM83, 32 KB without cartridge memory; memory C000: pad, C001: sum, C002: frames."""
    start = bytes.fromhex(
        "f3  3e77 e024 3eff e025 3e80 e026"
        "f044 fe90 20fa  af e040"  # the display off, in its blank
        "210080 7d ac 22 7c fea0 20f8  3e91 e040"  # tiles and map
    )
    loop = bytes.fromhex(
        "3e20 e000 f000 f000 e60f 47  3e10 e000 f000 f000 e60f cb37 b0 2f ea00c0"
        "2102c0 34  fa00c0 2101c0 86 77 e043"  # SCX = sum
        "fa02c0 e047 cb3f e042"
        "3e80 e068 fa02c0 e069 fa01c0 e069"  # colour 0 of the Game Boy Color
        "3e80 e011 3ef0 e012 fa02c0 e013 3e87 e014"
        "f044 fe90 20fa  f044 fe90 28fa  c3"
    )
    rom = bytearray(0x8000)
    _put(rom, 0x100, bytes.fromhex("00 c35001"))
    _put(rom, 0x150, start + loop + _turned(0x150 + len(start), size=2))
    rom[0x143] = 0x80 if has_colour else 0
    rom[0x14D] = (-sum(rom[0x134:0x14D]) - 25) & 0xFF
    return bytes(rom)


def master_system() -> bytes:
    """Z80, also of the Game Gear; memory C000, C001: ports of the pads, C002: frames, C003: sum, C005: pauses."""
    registers = bytes.fromhex("0480 c081 ff82 ff83 ff84 ff85 fb86 f087 0088 0089 ff8a")
    begin, table = 0x80, 0x180
    start = bytes.fromhex(
        "ed56 31f0df 218001 0616 0ebf edb3"  # registers of the picture processor, from the table
        "af d3bf 3e40 d3bf 210040 7d ac d3be 2b 7c b5 20f7"  # 16 KB of tiles and map
        "3e90 d37f"
    )
    loop = bytes.fromhex(
        "dbdc 2f 3200c0  dbdd 2f 3201c0  db00 3204c0"
        "2102c0 34  3a00c0 2103c0 86 77  d3bf 3e88 d3bf"  # scrolled by the sum
        "af d3bf 3ec0 d3bf 0640 3a02c0  d3be c603 10fa"
        "3a02c0 e60f f680 d37f 3e10 d37f"
        "dbbf e680 28fa  c3"
    )
    rom = bytearray(0x8000)
    _put(rom, 0, bytes.fromhex("f3 c38000"))
    _put(rom, 0x66, bytes.fromhex("f5 3a05c0 3c 3205c0 f1 ed45"))
    _put(rom, begin, start + loop + _turned(begin + len(start), size=2))
    _put(rom, table, registers)
    _put(rom, 0x7FF0, b"TMR SEGA" + bytes(7) + b"\x4c")
    return bytes(rom)


_MEGA_DRIVE_START = """
    46fc2700  41f900c00004  43f900c00000  45f900ff0000  47f900a10003
    23fc5345474100a14000
    49f{table}  7011  309c 51c8fffc
    20bc40000000  303c7fff  3280 51c8fffc
    177c00400006 177c00400008  7200
"""
"""Addresses of ports and memory, the licence word, registers from the table, tiles and map, pads."""

_MEGA_DRIVE_LOOP = """
    3010 08000003 67f8
    16bc0040 4e714e71 1213  16bc0000 4e714e71 1413  e502 020200c0 0201003f 8202 4601 1481
    142b0002 15420001  526a0002  d36a0004
    20bcc0000000 703f 362a0002  3283 06430046 51c8fff8
    20bc7c000003 32aa0004
    137c00900011  102a0003 0200000f 00000080 13400011  137c00100011
    3010 08000003 66f8
"""
"""Memory FF0000, FF0001: pads, FF0002: frames, FF0004: sum; colours, scrolling, tone."""


def mega_drive(*, region: bytes = b"JUE", has_240_lines: bool = False, has_320_columns: bool = True) -> bytes:
    """68000; with 240 lines (on PAL consoles) or 224, and with 320 columns or 256."""
    table = 0x180  # in the header's names, which nobody reads
    registers = [0x04, 0x4C if has_240_lines else 0x44, 0x30, 0x00, 0x07, 0x78, 0, 0, 0, 0, 0, 0]
    registers += [0x81 if has_320_columns else 0x00, 0x3F, 0, 2, 1, 0]
    rom = bytearray(0x10000)
    _put(rom, 0, (0x00FFFE00).to_bytes(4, "big") + (0x200).to_bytes(4, "big"))
    _put(rom, 0x100, b"SEGA MEGA DRIVE ")
    _put(rom, table, b"".join(bytes([0x80 + index, value]) for index, value in enumerate(registers)))
    _put(rom, 0x1F0, region.ljust(16))
    before = _MEGA_DRIVE_START.partition("49f")[0]
    place = 0x200 + len(_words(before)) + 2
    start = _words(_MEGA_DRIVE_START.format(table=f"a{(table - place) & 0xFFFF:04x}"))
    loop = _words(_MEGA_DRIVE_LOOP)
    back = (-len(loop) - 2) & 0xFFFF
    _put(rom, 0x200, start + loop + b"\x60\x00" + back.to_bytes(2, "big"))
    return bytes(rom)


def pc_engine() -> bytes:
    """HuC6280; memory 2010, 2011: pads, 2012: frames, 2013: sum."""
    registers = {5: 0x0088, 7: 0, 8: 0, 9: 0, 10: 0x0202, 11: 0x041F, 12: 0x0F02, 13: 0x00EF, 14: 0x0003}
    start = bytes.fromhex("78 d4 d8 a9ff 5301 a9f8 5302 a2ff 9a")
    for register, value in (registers | {0: 0}).items():
        start += bytes([0x03, register, 0x13, value & 0xFF, 0x23, value >> 8])
    start += bytes.fromhex(
        "9c0004  0302 a000 a200  8e0200 8c0300 e8 d0f7 c8 c020 d0f2"  # tiles and map
        "9c0008 a9ff 8d0108 9c0408 a220 8e0608 ca d0fa a99f 8d0408 a9ff 8d0508"  # a waveform
    )
    loop = bytes.fromhex(
        "ad0000 2920 f0f9"
        "a903 8d0010 a901 8d0010 eaea ad0010 290f 8510"
        "9c0010 eaea ad0010 290f 0a0a0a0a 0510 49ff 8510  a901 8d0010 eaea ad0010 8511"
        "e612  18 a513 6510 8513"
        "9c0204 9c0304 a220 a512  8d0404 9c0504 6905 ca d0f5"
        "0307 a513 8d0200 2300"  # scrolled by the sum
        "a512 8d0208 a901 8d0308  4c"
    )
    rom = bytearray(0x8000)
    _put(rom, 0, start + loop + _turned(0xE000 + len(start), size=2))
    _put(rom, 0x1FF6, _turned(*[0xE000] * 5, size=2))
    return bytes(rom)


def super_nintendo() -> bytes:
    """65816; memory 10 to 13: pads, 14: frames, 15: sum; the sound processor plays a square wave."""
    settings = {0x6C: 0x20, 0x0C: 0x7F, 0x1C: 0x7F, 0x00: 0x7F, 0x01: 0x7F, 0x03: 0x08, 0x05: 0, 0x07: 0x7F}
    settings |= {0x04: 0, 0x2C: 0, 0x3C: 0, 0x3D: 0, 0x5D: 2, 0x2D: 0, 0x4D: 0, 0x5C: 0, 0x4C: 1}
    sound = _turned(0x0204, 0x0204, size=2) + bytes.fromhex("b3 77777777 88888888")
    for register, value in settings.items():
        sound += bytes([0x8F, register, 0xF2, 0x8F, value, 0xF3])
    sound += bytes.fromhex("8f02f2 faf5f3 2ff8")  # its pitch is what arrives in port 1
    data = 0x9000
    start = bytes.fromhex("78 18 fb e230 a980 8d0021  9c0042")
    start += bytes.fromhex("ad4021 c9aa d0f9  a901 8d4121 9c4221 a902 8d4321 a9cc 8d4021  cd4021 d0fb  a200")
    start += bytes.fromhex("bd0090 8d4121 8e4021  ec4021 d0fb  e8 e0") + bytes([len(sound)]) + bytes.fromhex("d0ed")
    start += bytes.fromhex("9c4121 a90d 8d4221 a902 8d4321 e8 8e4021")
    start += bytes.fromhex(
        "a980 8d1521 9c1621 9c1721 a000 a200  8e1821 8c1921 e8 d0f7 c8 d0f4"  # tiles and map
        "9c0521 9c0721 9c0b21 a901 8d2c21  8d0042 a90f 8d0021"
    )
    loop = bytes.fromhex(
        "ad1242 10fb  ad1242 4a b0fa"
        "ad1842 8510 ad1942 8511 ad1a42 8512 ad1b42 8513"
        "e614  18 a515 6511 4510 4512 8515"
        "9c2121 a204 a514  8d2221 4515 297f 8d2221 6914 ca d0f3"
        "a515 8d0d21 9c0d21  a514 8d4121"
        "ad1242 30fb  4c"
    )
    rom = bytearray(0x8000)
    _put(rom, 0, start + loop + _turned(0x8000 + len(start), size=2))
    _put(rom, data - 0x8000, sound)
    _put(rom, 0x7FC0, b"TINY".ljust(21) + bytes.fromhex("20 00 05 00 01 33 00 0000 ffff"))
    _put(rom, 0x7FFC, _turned(0x8000, 0x8000, size=2))
    return bytes(rom)


_ARM_FRAME = (
    *(0xE2805E13, 0xE1D510B0, 0xE1C210B0),  # the pad, to memory 0
    *(0xE2844001, 0xE1C240B2, 0xE0866001, 0xE1C260B4),  # frames to 2, the sum to 4
    *(0xE0241006, 0xE1C310B0),  # colour of the backdrop
)
_ARM_WAIT = (0xE1D010B6, 0xE35100A0, 0x1AFFFFFC, 0xE1D010B6, 0xE35100A0, 0x0AFFFFFC)
"""Until line 160 begins, and until it ends."""


def game_boy_advance() -> bytes:
    """ARM7; memory 02000000: pad, 02000002: frames, 02000004: sum."""
    start = (0xE3A00404, 0xE3A02402, 0xE3A03405, 0xE3A04000, 0xE3A06000, 0xE3A01000, 0xE1C010B0)
    start += (0xE3A01080, 0xE1C018B4, 0xE3A01CFF, 0xE3811077, 0xE1C018B0, 0xE3A01002, 0xE1C018B2)
    tone = (0xE3A01A0F, 0xE3811080, 0xE1C016B8, 0xE3841902, 0xE1C016BC)
    loop = (*_ARM_FRAME, *tone, *_ARM_WAIT)
    rom = bytearray(0x400)
    _put(rom, 0, _turned(0xEA00002E))
    rom[0xB2] = 0x96
    _put(rom, 0xC0, _turned(*start, *loop, _branch(-len(loop))))
    rom[0xBD] = (-sum(rom[0xA0:0xBD]) - 0x19) & 0xFF
    return bytes(rom)


def _branch(num_words: int) -> int:
    """ARM's branch by a number of words, counted from the branch itself."""
    return 0xEA000000 | (num_words - 2) & 0xFFFFFF


def nintendo_ds() -> bytes:
    """ARM9, the ARM7 stands still; memory 02100000: pad, 02100002: frames, 02100004: sum. It is silent."""
    start = (0xE3A00404, 0xE3A02402, 0xE2822601, 0xE3A03405, 0xE3A04000, 0xE3A06000, 0xE3A01801, 0xE5801000)
    start += (0xE2805C03, 0xE3A01003, 0xE1C510B4)  # the picture on the lower screen, which stable-retro shows
    loop = (*_ARM_FRAME, *_ARM_WAIT)
    rom = bytearray(0x10000)
    _put(rom, 0, b"TINY".ljust(12, b"\0") + b"ATNE01")
    _put(rom, 0x20, _turned(0x8000, 0x02000000, 0x02000000, 0x400, 0x9000, 0x02380000, 0x02380000, 0x200))
    _put(rom, 0x80, _turned(0x10000, 0x4000))
    _put(rom, 0x8000, _turned(*start, *loop, _branch(-len(loop))))
    _put(rom, 0x9000, _turned(_branch(0)))
    return bytes(rom)
