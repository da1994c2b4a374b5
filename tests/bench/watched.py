"""A program in a terminal of its own, and everything that it writes, with the moment at which it came.

Moments are taken by a process of its own that does nothing else (`_record`): neither the screen model nor a call of the
harness can delay them. It may also listen to an engine's events, so that both kinds of moments are taken by the same clock
in the same way.
"""

import fcntl
import os
import select
import signal
import shutil
import struct
import termios
import time

from screen import Screen
from spawn import spawn

WIDTH, HEIGHT = 200, 50
_HEAD = struct.Struct("=cdI")
_SCREEN, _EVENT = b"s", b"e"
_F_SETPIPE_SZ = 1031


class Watched:
    """Runs `argv` at once. `events` is a connected socket on which an engine tells its events. With `blind` all output is
    dropped: nothing is ever seen."""

    def __init__(self, argv, env=None, events=None, blind=False):
        self.screen = Screen(WIDTH, HEIGHT)
        self.heard = []  # (moment, bytes) of the event socket
        self._pending = b""
        terminal, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
        self._terminal = terminal
        self._records, records_in = os.pipe()
        fcntl.fcntl(records_in, _F_SETPIPE_SZ, 1 << 20)
        self._recorder = os.fork()
        if self._recorder == 0:
            try:
                os.close(slave)
                os.close(self._records)
                _record(terminal, events.fileno() if events else None, records_in, blind)
            finally:
                os._exit(0)
        os.close(records_in)
        login = os.login_tty if hasattr(os, "login_tty") else _login
        argv = [shutil.which(argv[0]), *argv[1:]]
        self.pid, self.started = spawn(argv, environment(env), lambda: login(slave))
        os.close(slave)

    def write(self, data):
        """Types."""
        os.write(self._terminal, data)

    def frames(self, seconds, after=False):
        """Yields the moment of each piece of output once the screen shows it, for so many seconds at most; with `after`,
        None once time is over."""
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            if not select.select([self._records], [], [], max(left, 0))[0]:
                break
            data = os.read(self._records, 1 << 16)
            if not data:
                raise Ended("the program ended")
            self._pending += data
            while len(self._pending) >= _HEAD.size:
                kind, moment, length = _HEAD.unpack_from(self._pending)
                if len(self._pending) < _HEAD.size + length:
                    break
                piece = self._pending[_HEAD.size : _HEAD.size + length]
                self._pending = self._pending[_HEAD.size + length :]
                if kind == _EVENT:
                    self.heard.append((moment, piece))
                else:
                    self.screen.feed(piece)
                    yield moment
            if left <= 0:
                break

    def settle(self, seconds):
        """Looks on for so many seconds."""
        for _ in self.frames(seconds):
            pass

    def until(self, shows, seconds):
        """The moment of the output with which `shows(lines)` becomes true; None if it does not in time."""
        for moment in self.frames(seconds):
            if shows(self.screen.lines()):
                return moment
        return None

    def end(self):
        """Ends the program, and waits for it."""
        for sign in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.kill(self.pid, sign)
            except ProcessLookupError:
                break
            if _ended(self.pid, 2):
                break
        os.close(self._terminal)
        os.kill(self._recorder, signal.SIGKILL)
        os.waitpid(self._recorder, 0)
        os.close(self._records)


class Ended(Exception):
    """The program ended by itself."""


def environment(more=None):
    """A usual terminal, whatever this one is; and nothing that leads to another engine or config."""
    keep = {name: os.environ[name] for name in ("PATH", "HOME", "USER", "LANG") if name in os.environ}
    return {**keep, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(more or {})}


def _login(slave):
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in range(3):
        os.dup2(slave, fd)


def _ended(pid, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if os.waitpid(pid, os.WNOHANG)[0]:
            return True
        time.sleep(0.01)
    return False


def _record(terminal, events, out, blind):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        os.nice(-10)
    except PermissionError:
        pass
    kinds = {terminal: _SCREEN}
    if events is not None:
        kinds[events] = _EVENT
    while kinds:
        for fd in select.select(list(kinds), [], [])[0]:
            try:
                data = os.read(fd, 1 << 16)
            except OSError:  # the last program on the terminal has gone
                data = b""
            moment = time.monotonic()
            if not data:
                if fd == terminal:
                    return
                del kinds[fd]
                continue
            if not blind:
                os.write(out, _HEAD.pack(kinds[fd], moment, len(data)) + data)
