"""Root runs a program as an ordinary user, who can read what the program needs: ``as_user.py USER PATHS PROGRAM …``.

To be started in a mount namespace of its own (``unshare --mount --propagation private``). A folder that shuts others
out, such as root's home with an interpreter in it, is covered by one that holds nothing but those of the paths
(separated by colons) that lie in it.
"""

import os
import pwd
import stat
import subprocess
import sys
from pathlib import Path

AWAY = Path("/sys")


def mount(*arguments):
    subprocess.run(["mount", *map(str, arguments)], check=True)


def open_up(paths):
    mount("-t", "tmpfs", "-o", "mode=755", "none", AWAY)
    shut, places = {}, {}
    for path in paths:
        for folder in reversed(path.parents):
            if not folder.stat().st_mode & stat.S_IXOTH:
                shut.setdefault(folder, []).append(path)
                break
    for folder, hidden in shut.items():
        for path in hidden:
            places[path] = AWAY / str(len(places))
            places[path].mkdir()
            mount("--rbind", path, places[path])
        mount("-t", "tmpfs", "-o", "mode=755", "none", folder)
        for path in hidden:
            path.mkdir(parents=True)
            mount("--rbind", places[path], path)
    subprocess.run(["umount", "--lazy", str(AWAY)], check=True)


user = pwd.getpwnam(sys.argv[1])
open_up([Path(path) for path in sys.argv[2].split(":")])
os.setgroups([])
os.setgid(user.pw_gid)
os.setuid(user.pw_uid)
os.chdir("/")
os.execv(sys.argv[3], sys.argv[3:])
