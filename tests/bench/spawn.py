"""Programs started so that only their own time counts: the moment is taken by the child itself, right before it becomes the
program. The fork of a Python process takes some milliseconds, and those are the harness's."""

import os
import struct
import time

_MOMENT = struct.Struct("d")


def spawn(argv, env, prepare):
    """Runs `argv` in a child of its own after `prepare()` there; gives its pid, and the moment at which it began."""
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            prepare()
            os.write(tell, _MOMENT.pack(time.monotonic()))
            os.execve(argv[0], argv, env)  # which closes the pipe, and all else that was opened here
        finally:
            os._exit(127)
    os.close(tell)
    try:
        return pid, _MOMENT.unpack(os.read(told, _MOMENT.size))[0]
    finally:
        os.close(told)


def finish(argv):
    """Runs `argv` to its end; gives how long that took, and what it wrote."""
    output, into = os.pipe()
    pid, began = spawn(argv, dict(os.environ), lambda: os.dup2(into, 1))
    os.close(into)
    with os.fdopen(output, "rb") as file:
        said = file.read()
    _, status = os.waitpid(pid, 0)
    ended = time.monotonic()
    if status:
        raise SystemExit(f"{argv[0]}: exit code {os.waitstatus_to_exitcode(status)}")
    return ended - began, said.decode()
