"""docs/guide in Go: the same walk as tests/system/guide_tests.py does in C++. All pages are one Go module."""

import pathlib
import re
import shutil
import subprocess
import sys

from harness import clients, pages, paths, walk
from harness.case import Case, Context, Registry
from harness.once import once
from harness.outcome import Skip, expect_equal

registry = Registry()

_GUIDE = paths.REPOSITORY / "docs" / "guide"


@once
def _program() -> pathlib.Path:
    source = paths.cache() / "go-guide"
    shutil.copytree(paths.SUITE / "go" / "guide", source, dirs_exist_ok=True)
    subprocess.run([sys.executable, "-B", str(paths.REPOSITORY / "tests" / "package" / "snippets.py"), "--go", str(_GUIDE), str(source)],
                   check=True, stdout=subprocess.DEVNULL)
    return clients.go_binary(source, ".", "guide")


def _walks_through(page: pathlib.Path):
    def body(context: Context) -> None:
        if paths.thalweg_binary() is None:
            raise Skip("no thalweg binary")
        walk.alone(page, "go", context.folder, [str(_program()), page.stem], {})
    return body


@registry.case("guide-in-go/versions")
def _names_the_version_that_is_tested(_: Context) -> None:
    pinned = re.findall(r"^\t(github.com/IBM/sarama) (v\S+)$", (paths.SUITE / "go" / "guide" / "go.mod").read_text(), re.M)
    shown = re.findall(r"^go get (\S+)@(\S+)$", (_GUIDE / "setup.md").read_text(), re.M)
    expect_equal(shown, pinned, "setup.md, what is fetched")


for _page in sorted(_GUIDE.glob("*.md")):
    if pages.sources(_page, "go"):
        registry.add(Case(f"guide-in-go/{_page.stem}", _walks_through(_page),
                          not_on={"kafka": "the guide is about Thalweg", "running": "it needs a server of its own"}))
