"""ROM headers: console, title, region and size, in each console's own format.

Layouts from the consoles' developers' manuals and the public hardware documentation (Plutiedev, Pan Docs, GBATEK,
NESdev, SNESdev, SMS Power). A header is only a hint; a ROM is identified by its SHA-1.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_SPACES = re.compile(r"\s+")
_GB_LOGO_START = bytes.fromhex("ceed6666cc0d000b")
_GBA_LOGO_START = bytes.fromhex("24ffae51")
N64_SUFFIX = {b"\x80\x37\x12\x40": "z64", b"\x37\x80\x40\x12": "v64", b"\x40\x12\x37\x80": "n64"}
"""First four bytes of a Nintendo 64 ROM to the file name extension of its byte order."""

_MEGA_DRIVE_LETTERS = {"J": "Japan", "U": "USA", "E": "Europe"}
_NINTENDO_COUNTRY = {"E": "USA", "J": "Japan", "P": "Europe", "D": "Germany", "F": "France", "I": "Italy", "S": "Spain"}
_SNES_REGION = ("Japan", "USA", "Europe")
_SMS_REGION = {3: "Japan", 4: "export", 5: "Japan", 6: "export", 7: "international"}


@dataclass(frozen=True, slots=True)
class Header:
    """Contents of a ROM's header; fields are empty if the header lacks them."""

    console: str
    """stable-retro's name of the console."""
    title: str = ""
    region: str = ""
    """Region in words."""
    serial: str = ""
    """Product number."""
    size_bytes: int | None = None
    """File size according to the header, including an iNES header."""

    def __str__(self) -> str:
        """Text such as ``SONIC THE HEDGEHOG (Genesis, Europe, GM 00001009-00)``."""
        if not self.title:
            details = ", ".join(part for part in (self.region, self.serial) if part)
            return f"a ROM for {self.console}" + (f" ({details})" if details else "")
        return f"{self.title} ({', '.join(part for part in (self.console, self.region, self.serial) if part)})"


def recognise(data: bytes) -> Header | None:
    """Read the header of a ROM; None if it has none of a known format."""
    return next((header for read in _READERS if (header := read(data)) is not None), None)


def recognise_name(name: str, size_bytes: int) -> Header | None:
    """Guess the console of a file without a header from its name and size."""
    suffix = Path(name).suffix.lower()
    if suffix == ".a26" or (suffix == ".bin" and size_bytes in {2048, 4096, 8192, 12288, 16384}):
        return Header("Atari2600")
    return Header("PCEngine") if suffix == ".pce" else None


def _text(raw: bytes, encoding: str = "ascii") -> str:
    text = raw.split(b"\0")[0].decode(encoding, errors="replace")
    return _SPACES.sub(" ", "".join(c if c.isprintable() and c != "\ufffd" else " " for c in text)).strip()


def _mega_drive(data: bytes) -> Header | None:
    if len(data) < 0x200 or b"SEGA" not in data[0x100:0x105]:
        return None
    return Header(
        console="32x" if b"32X" in data[0x100:0x110] else "Genesis",
        title=_text(data[0x150:0x180]) or _text(data[0x120:0x150], "shift_jis"),
        region=_mega_drive_region(_text(data[0x1F0:0x1F3])),
        serial=_text(data[0x180:0x18E]),
        size_bytes=int.from_bytes(data[0x1A4:0x1A8], "big") + 1,
    )


def _mega_drive_region(code: str) -> str:
    """Region names; old headers list letters, new ones have a hexadecimal digit with bits for Japan, USA and Europe."""
    if len(code) == 1 and code in "0123456789ABCDF":
        bits = int(code, 16)
        return " and ".join(name for bit, name in ((1, "Japan"), (4, "USA"), (8, "Europe")) if bits & bit)
    return " and ".join(_MEGA_DRIVE_LETTERS[letter] for letter in code if letter in _MEGA_DRIVE_LETTERS)


def _nes(data: bytes) -> Header | None:
    if data[:4] == b"FDS\x1a":
        return Header("Nes", title="a Famicom disk")
    if len(data) < 16 or data[:4] != b"NES\x1a":
        return None
    program, pictures = data[4], data[5]
    if data[7] & 0x0C == 8:  # NES 2.0 has four more bits for each size
        program |= (data[9] & 0x0F) << 8
        pictures |= (data[9] >> 4) << 8
    trainer = 512 if data[6] & 4 else 0
    return Header("Nes", size_bytes=16 + trainer + program * 16384 + pictures * 8192)


def _game_boy(data: bytes) -> Header | None:
    if len(data) < 0x150 or data[0x104:0x10C] != _GB_LOGO_START:
        return None
    is_colour = bool(data[0x143] & 0x80)
    return Header(
        console="GbColor" if is_colour else "GameBoy",
        title=_text(data[0x134 : 0x143 if is_colour else 0x144]),
        region="Japan" if data[0x14A] == 0 else "outside Japan",
        size_bytes=0x8000 << data[0x148] if data[0x148] <= 8 else None,
    )


def _game_boy_advance(data: bytes) -> Header | None:
    if len(data) < 0xC0 or data[4:8] != _GBA_LOGO_START or data[0xB2] != 0x96:
        return None
    code = _text(data[0xAC:0xB0])
    return Header("GbAdvance", _text(data[0xA0:0xAC]), _NINTENDO_COUNTRY.get(code[-1:], ""), code)


def _nintendo_ds(data: bytes) -> Header | None:
    if len(data) < 0x200 or data[0x15C:0x15E] != b"\x56\xcf":
        return None
    code = _text(data[0x0C:0x10])
    return Header("NintendoDs", _text(data[:0x0C]), _NINTENDO_COUNTRY.get(code[-1:], ""), code)


def _nintendo_64(data: bytes) -> Header | None:
    suffix = N64_SUFFIX.get(data[:4])
    if suffix is None or len(data) < 0x40:
        return None
    start = swapped(data[:0x40], {"z64": 1, "v64": 2, "n64": 4}[suffix])
    code = _text(start[0x3B:0x3F])
    return Header("N64", _text(start[0x20:0x34]), _NINTENDO_COUNTRY.get(code[-1:], ""), code)


def _master_system(data: bytes) -> Header | None:
    for offset in (0x7FF0, 0x3FF0, 0x1FF0):
        if data[offset : offset + 8] == b"TMR SEGA":
            region = data[offset + 15] >> 4
            serial = f"{data[offset + 14] >> 4:x}{data[offset + 13]:02x}{data[offset + 12]:02x}".lstrip("0")
            console = "GameGear" if region in (5, 6, 7) else "Sms"
            return Header(console, region=_SMS_REGION.get(region, ""), serial=serial)
    return None


def _super_nintendo(data: bytes) -> Header | None:
    for offset in (0x7FC0, 0xFFC0, 0x40FFC0):
        header = data[offset : offset + 0x20]
        if len(header) < 0x20 or not header[:21].strip(b"\0 "):
            continue
        complement, checksum = (int.from_bytes(header[at : at + 2], "little") for at in (0x1C, 0x1E))
        if complement ^ checksum == 0xFFFF:
            region = _SNES_REGION[header[0x19]] if header[0x19] < len(_SNES_REGION) else ""
            return Header("Snes", _text(header[:21], "shift_jis"), region)
    return None


def _disc(data: bytes) -> Header | None:
    if data[:8] == b"MComprHD":
        return Header("Saturn", title="a compressed disc image")
    for console, magic in (("SCD", b"SEGADISCSYSTEM"), ("Saturn", b"SEGA SEGASATURN")):
        if magic in data[:0x20]:
            return Header(console, title=_text(data[0x150:0x180]) if console == "SCD" else _text(data[0x60:0xD0]))
    return None


def swapped(data: bytes, width: int) -> bytes:
    """Reverse the bytes of each word of ``width`` bytes; an incomplete last word is unchanged."""
    end = len(data) - len(data) % width
    result = bytearray(data)
    for position in range(width):
        result[position:end:width] = data[width - 1 - position : end : width]
    return bytes(result)


_READERS: tuple[Callable[[bytes], Header | None], ...] = (
    _nes,
    _nintendo_64,
    _game_boy,
    _game_boy_advance,
    _disc,
    _mega_drive,
    _master_system,
    _super_nintendo,
    _nintendo_ds,
)
