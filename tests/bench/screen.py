"""What a terminal would show: just enough of one for programs that draw a whole screen."""

import codecs
import re
import unicodedata

_TOKEN = re.compile(
    r"\x1b\[(?P<args>[0-?]*)[ -/]*(?P<final>[@-~])"  # CSI
    r"|\x1b\](?:[^\x07\x1b]|\x1b(?!\\))*(?:\x07|\x1b\\)"  # OSC: titles, colours
    r"|\x1b[P_^][^\x1b]*\x1b\\"  # DCS and the like
    r"|\x1b[ -/]*[0-OQ-Z\\`-~]"  # other escapes of two or three characters
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f])"
    r"|(?P<text>[^\x00-\x1f\x7f]+)"
)


class Screen:
    """A grid of characters, fed with what a program writes. Colours are left out."""

    def __init__(self, width, height):
        self.width, self.height = width, height
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._rest = ""
        # Half a frame, of which no terminal shows anything yet.
        self.in_update = False
        self._row = self._column = 0
        self._clear()

    def lines(self):
        """The rows as texts. The second cell of a wide character is an empty string."""
        return ["".join(cells) for cells in self._cells]

    def feed(self, data):
        text = self._rest + self._decode(data)
        at = 0
        while at < len(text):
            token = _TOKEN.match(text, at)
            if token is None:
                if len(text) - at < 256:  # an escape sequence of which the rest is still to come
                    break
                at += 1
                continue
            at = token.end()
            if token["text"]:
                self._write(token["text"])
            elif token["control"]:
                self._control(token["control"])
            elif token["final"]:
                self._csi(token["args"], token["final"])
        self._rest = text[at:]

    def _clear(self):
        self._cells = [[" "] * self.width for _ in range(self.height)]

    def _write(self, text):
        for character in text:
            wide = 1
            if ord(character) > 0x2FF:
                if unicodedata.combining(character) or character in "\u200d\ufe0e\ufe0f":
                    continue
                wide = 2 if unicodedata.east_asian_width(character) in "WF" else 1
            if self._column + wide > self.width:
                self._column, self._row = 0, min(self._row + 1, self.height - 1)
            row = self._cells[self._row]
            row[self._column] = character
            if wide == 2:
                row[self._column + 1] = ""
            self._column += wide

    def _control(self, character):
        if character == "\r":
            self._column = 0
        elif character == "\n":
            self._row = min(self._row + 1, self.height - 1)
        elif character == "\b":
            self._column = max(self._column - 1, 0)

    def _csi(self, args, final):
        if args.startswith(("?", ">", "<", "=")):
            if final == "h" and args in ("?1049", "?47"):
                self._clear()
            if args == "?2026":
                self.in_update = final == "h"
            return
        numbers = [int(number) if number.isdigit() else 0 for number in args.split(";")]
        first = max(numbers[0], 1)
        if final in "Hf":
            self._row = min(first, self.height) - 1
            self._column = min(max(numbers[1], 1) if len(numbers) > 1 else 1, self.width) - 1
        elif final == "A":
            self._row = max(self._row - first, 0)
        elif final == "B":
            self._row = min(self._row + first, self.height - 1)
        elif final == "C":
            self._column = min(self._column + first, self.width - 1)
        elif final == "D":
            self._column = max(self._column - first, 0)
        elif final == "G":
            self._column = min(first, self.width) - 1
        elif final == "d":
            self._row = min(first, self.height) - 1
        elif final == "K":
            self._erase(self._row, numbers[0])
        elif final == "J":
            rows = {0: range(self._row + 1, self.height), 1: range(self._row)}.get(numbers[0], range(self.height))
            for row in rows:
                self._erase(row, 2)
            if numbers[0] < 2:
                self._erase(self._row, numbers[0])

    def _erase(self, row, which):
        start, end = {0: (self._column, self.width), 1: (0, self._column + 1)}.get(which, (0, self.width))
        self._cells[row][start:end] = [" "] * (end - start)
