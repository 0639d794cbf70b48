"""Pages whose snippets are run: their code blocks in order, as the commands, programs and outputs that they are.

A mark after the language of a block says what a test does with it; a reader does not see it.

    ```cpp                 part of the page's one program, after the blocks before it; so is ```go
    ```cpp run=send_one    the same, and this function is run here
    ```cpp run=serve background    it runs until the page ends; the walk goes on when its output is there
    ```text                what the functions before it print; with `any-order` the order of lines is free
    ```console             `$ ` commands with what they print; `cpp` or `go` behind it: in the walk of that language alone;
                           `ctrl-c`: they are ended so when they have printed it
    ```cmake file=NAME     a file of that name, where the commands are run

In what is printed, `…` stands for whatever varies, and a line of it alone for any number of lines.
"""

import dataclasses
import pathlib
import re

_BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```", re.M | re.S)
LANGUAGES = ("cpp", "go")


@dataclasses.dataclass
class Block:
    language: str
    marks: list[str]
    text: str

    def mark(self, name: str) -> str | None:
        """The value of `name=value`."""
        return next((m.partition("=")[2] for m in self.marks if m.startswith(f"{name}=")), None)

    def is_source(self, language: str) -> bool:
        return self.language == language and self.mark("file") is None


@dataclasses.dataclass
class Step:
    """A command, or a function of the page's program, with the lines that it prints."""

    command: str | None = None
    function: str | None = None
    background: bool = False
    stopped: bool = False  # when it has printed what it should
    printed: list[str] = dataclasses.field(default_factory=list)
    any_order: bool = False


def servers(page: str) -> int:
    """How many servers a reader of the page has started."""
    found = re.match(r"<!-- servers: (\d+) -->", page)
    return int(found[1]) if found else 1


def blocks(page: str) -> list[Block]:
    return [Block(language, marks.split(), text) for language, marks, text in _BLOCK.findall(page)]


def commands(block: Block) -> list[Step]:
    """Of a console block."""
    steps: list[Step] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            steps.append(Step(command=line[2:], stopped="ctrl-c" in block.marks, any_order="any-order" in block.marks))
        else:
            steps[-1].printed.append(line)
    return steps


def steps(page: str, language: str) -> list[Step]:
    """The walk through a page in one language: what is typed and run, in the page's order."""
    walk: list[Step] = []
    last: Step | None = None  # whose output may follow
    for block in blocks(page):
        if block.language == "console":
            last = None
            if not set(block.marks) & set(LANGUAGES) - {language}:
                walk += commands(block)
        elif block.is_source(language) and block.mark("run"):
            last = Step(function=block.mark("run"), background="background" in block.marks, stopped=True)
            walk.append(last)
        elif block.language == "text":
            if last:
                last.printed = block.text.splitlines()
                last.any_order = "any-order" in block.marks
            last = None
    return walk


def files(page: str) -> dict[str, str]:
    return {name: block.text for block in blocks(page) if (name := block.mark("file"))}


def sources(path: pathlib.Path, language: str) -> list[Block]:
    return [b for b in blocks(path.read_text()) if b.is_source(language)]


def matches(got: list[str], shown: list[str], any_order: bool = False) -> bool:
    """Whether lines that were printed are those that a page shows."""
    if any_order:
        left = list(got)
        for line in shown:
            found = next((g for g in left if _line(line).fullmatch(g)), None)
            if found is None:
                return False
            left.remove(found)
        return not left
    pattern = "".join(r"(?:[^\n]*\n)*?" if line.strip() == "…" else _line(line).pattern + r"\n" for line in shown)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in got)) is not None


def _line(shown: str) -> re.Pattern:
    return re.compile(r"[^\n]*".join(re.escape(part) for part in shown.rstrip().split("…")))
