"""Stops the build on machine code that a 68000 cannot run: check_alignment.py ELF.

Debian's compiler for the 68000 believes that words may lie at odd addresses, whatever its options say. The processor
does not; emulators read the wrong word instead of stopping, so such code would go unnoticed. The instructions of the
68020 are looked for as well.
"""

from __future__ import annotations

import re
import subprocess
import sys

OBJDUMP = "m68k-linux-gnu-objdump"
CODE_START = 0x200
"""Below lie the vectors and the header."""
INSTRUCTION = re.compile(r"\s*([0-9a-f]+):\t(?:[0-9a-f]{4} )+\s*\t(\S+)\s*(.*)")
LATER_OPCODE = re.compile(
    r"bf\w+|ext(b)l|mul[su]l|div[su]l{1,2}|rtd|chk2\w*|cmp2\w*|cas2?\w*|trap(?!v?$)\w+|pack|unpk|mov(es|ec)\w*|bkpt"
)
LATER_ADDRESSING = re.compile(r":[wl]:[248]\)|\)@\(")
NO_ACCESS = {"lea", "pea", "jsr", "jmp"}


def problem(opcode: str, arguments: str) -> str | None:
    """What is wrong with an instruction, or None."""
    if LATER_OPCODE.fullmatch(opcode):
        return "an instruction of the 68020"
    if LATER_ADDRESSING.search(arguments):
        return "an address of the 68020"
    is_wide = (opcode[-1] in "wl" and opcode not in NO_ACCESS and not opcode.startswith("b")) or "movem" in opcode
    if not is_wide:
        return None
    if any(int(distance) % 2 for distance in re.findall(r"@\((-?\d+)(?:,|\))", arguments)):
        return "a word at an odd distance"
    rest = re.sub(r"#-?\w+|%\w+@\([^)]*\)|<[^>]*>", "", arguments)
    if any(int(address, 16) % 2 for address in re.findall(r"(?<![\w%@#])([0-9a-f]{3,8})\b", rest)):
        return "a word at an odd address"
    return None


def main(path: str) -> None:
    """Lists the problems of the program at ``path``; exits with 1 if there are any.

    Raises:
        SystemExit: there are problems, or the disassembler is missing or fails.
    """
    # Disassembled as 68020 code, so that its instructions are seen for what they are.
    command = [OBJDUMP, "-d", "-m", "m68k:68020", path]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    found, num_instructions = [], 0
    for line in lines:
        match = INSTRUCTION.match(line)
        if match is None or int(match[1], 16) < CODE_START:
            continue
        num_instructions += 1
        reason = problem(match[2], match[3])
        if reason is not None:
            found.append(f"  {reason}: {line.strip()}")
    if not num_instructions:
        sys.exit(f"check_alignment.py: {path} holds no machine code.")
    if found:
        sys.exit("\n".join([f"check_alignment.py: {path} would not run on a 68000; see game.h on alignment.", *found]))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("check_alignment.py: name the program (an ELF file) to check.")
    main(sys.argv[1])
