# SPDX-License-Identifier: Apache-2.0
"""The tree as the tidy rules see it: files, their text, and C++ with comments and strings blanked."""

import os
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

SKIPPED = {".git", "build", "node_modules", "__pycache__", ".cache", "dist"}
CPP = {".hpp", ".ipp", ".cpp", ".h"}
TEXT = CPP | {".proto", ".py", ".cmake", ".txt", ".md", ".in", ".json", ".toml", ".ts", ".tsx",
              ".scenario", ".pyi", ""}

ALLOW = re.compile(r"(?://|#|<!--)\s*tidy:\s*allow\s+([\w-]+)\s*:\s*(\S.{7,})")
PRESENTATION = re.compile(r"//\s*tidy:\s*presentation\b[\s,:;-]*(\S.{7,})")


@dataclass(frozen=True, order=True)
class Finding:
    path: str
    line: int
    rule: str
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


@dataclass
class File:
    root: Path
    path: str  # Relative to the root, with slashes.
    text: str
    mode: int = 0
    lines: list = field(init=False)

    def __post_init__(self):
        self.lines = self.text.splitlines()

    @property
    def suffix(self):
        return Path(self.path).suffix

    @property
    def is_cpp(self):
        return self.suffix in CPP

    @property
    def is_header(self):
        return self.suffix in {".hpp", ".ipp", ".h"}

    @cached_property
    def code(self):
        """The lines with comments and the insides of strings blanked (C++ only)."""
        return blank(self.text).splitlines()

    def allows(self, number, rule):
        """A line, or the comment line above it, may say `tidy: allow RULE: reason`."""
        for index in (number - 1, number - 2):
            if not 0 <= index < len(self.lines):
                continue
            line = self.lines[index]
            if index == number - 2 and not line.lstrip().startswith(("//", "#", "<!--")):
                continue
            found = ALLOW.search(line)
            if found and found.group(1) == rule:
                return True
            if rule == "float" and PRESENTATION.search(line):
                return True
        return False

    def finding(self, number, rule, message):
        return Finding(self.path, number, rule, message)


def blank(text):
    """Replaces comments and literals by spaces, keeping every line break where it was."""
    token = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"([^()\\\s]{0,16})\(.*?\)\1"|"(?:\\.|[^"\\\n])*"'
        r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'", re.S)
    include = re.compile(r'^\s*#\s*include\s*"')

    def keep_breaks(match):
        start = text.rfind("\n", 0, match.start()) + 1
        if include.match(text[start:match.end()]) and match.group()[0] == '"':
            return match.group()
        return re.sub(r"[^\n]", " ", match.group())

    return token.sub(keep_breaks, text)


def load(root):
    """Every text file of the tree, in the order of their paths."""
    files = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(set(folders) - SKIPPED)
        for name in sorted(names):
            full = Path(folder) / name
            path = full.relative_to(root).as_posix()
            if full.suffix not in TEXT or full.is_symlink() or not full.is_file():
                continue
            if path.startswith("tests/fuzz/seeds/"):
                continue
            try:
                text = full.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
            files.append(File(root, path, text, full.stat().st_mode))
    return files
