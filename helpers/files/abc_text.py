"""ABC as text: its encoding, its tunes, what each line is, and letters that are spelled out.

Sections that are named in comments are those of the ABC standard 2.1.
"""

from __future__ import annotations

import codecs
import html
import re
import unicodedata
from collections.abc import Iterator

from .reading import clean_name, decode

MAX_HEADER = 20, 200  # lines, and characters of a line, that a file hands to each of its tunes
HEADER_FIELDS = "LMQR"  # of those that are read, the ones a tune's own replace
CHARSET = re.compile(rb"^(?:%%|I:)[ \t]*abc-charset[ \t]+([\w-]{1,30})", re.MULTILINE)
# The standard's and those of old files. Python knows stranger ones, and some of them are slow.
CHARSETS = re.compile(
    r"utf-?8|us-ascii|(iso-?8859|latin|windows-|cp|koi8|mac|shift_?jis|sjis|euc|gb|big5).*", re.I
)
FIELD_LINE = re.compile(r"([A-Za-z+]):(?![|:])(.*)")
COMMENT = re.compile(r"(?<!\\)%.*")
BLOCK = re.compile(r"%%\s*begin(\w+)")
TEXT_FIELDS = "ABCDFGHNORSTWZrsw"
MARKS = {"`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", "=": "\u0304"}
MARKS |= {"u": "\u0306", ".": "\u0307", '"': "\u0308", "o": "\u030a", "H": "\u030b"}
MARKS |= {"v": "\u030c", "c": "\u0327", ",": "\u0327", ";": "\u0328"}
LETTERS = {"AA": "Å", "aa": "å", "AE": "Æ", "ae": "æ", "OE": "Œ", "oe": "œ", "/O": "Ø", "/o": "ø"}
LETTERS |= {"ss": "ß", "DH": "Ð", "dh": "ð", "TH": "Þ", "th": "þ", "/D": "Đ", "/d": "đ"}
LETTERS |= {"/L": "Ł", "/l": "ł"}
ESCAPE = re.compile(
    r"\\u(?P<short>[0-9a-fA-F]{4})|\\U(?P<long>[0-9a-fA-F]{8})|\\(?P<pair>[^\w\s%&\\][A-Za-z]"
    r"|[A-Za-z]{2})|\\(?P<plain>[\\%&])|(?P<entity>&#?\w{1,10};)"
)


def decode_abc(content: bytes) -> str:
    """A file's text: in UTF-8 or UTF-16 where it begins with their mark, else in the encoding that
    its field ``I:abc-charset`` names (section 3.1.17), else as ``decode`` finds it."""
    marked = content.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    declared = None if marked else CHARSET.search(content)
    if declared and CHARSETS.fullmatch(declared[1].decode("ascii", "replace")):
        try:
            return content.decode(declared[1].decode("ascii"))
        except (LookupError, UnicodeDecodeError):
            pass
    return decode(content)


def split_tunes(text: str) -> list[str]:
    """The texts of a file's tunes: each from its ``X:`` to the next, with what the file's header
    sets for all of them put into its own (section 2.2.2)."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    head, *tunes = re.split(r"(?m)^(?=X:)", text)
    if re.search(r"(?m)^K:", head):
        return [head, *(tune for tune in tunes if re.search(r"(?m)^K:", tune))]
    tunes = [tune for tune in tunes if re.search(r"(?m)^K:", tune)]
    header = file_header(head)
    return [with_header(tune, header) for tune in tunes] if header else tunes


def file_header(text: str) -> list[str]:
    """The lines for all tunes among those before the first: fields and directives up to the first
    empty line."""
    lines, begun = [], False
    for letter, value in tune_lines(text):
        if letter and letter in "%I" + HEADER_FIELDS:
            lines.append(f"%%{value}" if letter == "%" else f"{letter}:{value}")
        elif begun and not letter and not value:
            break
        begun |= bool(letter or value)
    lines = list(dict.fromkeys(reversed(lines)))[: MAX_HEADER[0]]  # of two the last one holds
    return [line[: MAX_HEADER[1]] for line in reversed(lines)]


def with_header(tune: str, header: list[str]) -> str:
    """The tune with those of the header's lines that it does not have itself."""
    number, _, rest = tune.partition("\n")
    own = re.split(r"(?m)^K:", rest, maxsplit=1)[0]
    own = {line[0] for line in own.split("\n") if line[:1] in HEADER_FIELDS and line[1:2] == ":"}
    return "\n".join([number, *(line for line in header if line[0] not in own), rest])


def tune_lines(text: str) -> Iterator[tuple[str, str]]:
    """What a tune's lines are: ``(letter, value)`` for a field, ``("%", text)`` for a directive,
    ``("", music)`` for music, ``("", "")`` for an empty line.

    Comments and typeset text are left out as if they had not been there (section 2.2.5), fields
    that go on in the next line are joined.
    """
    field, block, prose, history = [], "", False, False
    for line in text.split("\n"):
        line = line.strip()
        if block:
            block = "" if line.startswith(f"%%end{block}") else block
        elif line.startswith("%"):
            begin = BLOCK.match(line)
            block = begin[1] if begin else ""
            if line.startswith("%%") and not begin:
                yield from joined(field)
                yield "%", line[2:]
                field = []
        else:
            line = COMMENT.sub("", line).rstrip() if "%" in line else line
            match = FIELD_LINE.match(line)
            if match and match[1] == "+":  # section 3.3
                field += [match[2]] if field else []
                continue
            yield from joined(field)
            field = list(match.groups()) if match else []
            # Until 2.1 a backslash continued fields too, and H: went on to the next field
            # (sections 10.1, 10.2): what follows them is text.
            if match:
                history = match[1] == "H"
                prose = history or (match[1] in TEXT_FIELDS and continued(line))
            elif prose and line:
                prose = history or continued(line)
            else:
                prose = False
                yield "", line
    yield from joined(field)


def joined(field: list[str]) -> list[tuple[str, str]]:
    """A field's letter and the lines of its value, if there is one, as ``(letter, value)``."""
    return [(field[0], " ".join(field[1:]))] if field else []


def continued(line: str) -> bool:
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def text_string(text: str) -> str:
    """A title or name, its accents and special characters as such (section 8.2)."""
    return clean_name(ESCAPE.sub(_unescaped, text) if "\\" in text or "&" in text else text)


def _unescaped(match: re.Match) -> str:
    number = match["short"] or match["long"]
    if number:
        return chr(int(number, 16)) if int(number, 16) < 0x110000 else ""
    pair = match["pair"]
    if pair:
        composed = unicodedata.normalize("NFC", pair[1] + MARKS.get(pair[0], ""))
        return LETTERS.get(pair) or (composed if pair[0] in MARKS else match[0])
    return match["plain"] or html.unescape(match["entity"])
