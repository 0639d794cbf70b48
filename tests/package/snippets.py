#!/usr/bin/env python3
"""Writes the snippets of each page into sources of their own: snippets.py [--go] PAGES_FOLDER OUT_FOLDER. Prints their names.

A page's C++ is one source. When functions of it are marked to be run (tests/interop/harness/pages.py), it gets a `main` that runs the
one that is named. Go's pages are packages of one module with one such `main`. Addresses in them are looked up in GUIDE_ADDRESSES,
`shown=real,...`, so that a test may have ports of its own and a source is the same in every run.
"""
import pathlib
import re
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))

from harness import pages  # noqa: E402

_ADDRESS = re.compile(r'"(?:https?://)?(?:localhost|127\.0\.0\.1):\d+[^"]*"')

_CPP_BEFORE = r"""#include <cstdlib>
#include <string>
#include <string_view>

inline std::string guide_address(std::string text) {
  const char* known = std::getenv("GUIDE_ADDRESSES");
  for (std::string_view rest = known ? known : ""; !rest.empty();) {
    const auto pair = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const auto equals = pair.find('=');
    if (const auto at = text.find(pair.substr(0, equals)); at != text.npos) return text.replace(at, equals, pair.substr(equals + 1));
  }
  return text;
}

"""

_CPP_AFTER = r"""
#include <csignal>
#include <cstdio>
#include <thread>

template <class F>
int guide_run(F f) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::stop_source stop;
  std::thread([stop, signals]() mutable {
    int number = 0;
    sigwait(&signals, &number);
    stop.request_stop();
  }).detach();
  Result<> done;
  if constexpr (std::is_invocable_v<F, std::stop_token>)
    done = f(stop.get_token());
  else
    done = f();
  if (!done) std::fprintf(stderr, "%%s\n", done.error().message.c_str());
  return done ? 0 : 1;
}

int main(int count, char** arguments) {
  const std::string_view name = count > 1 ? arguments[1] : "";
%s  std::fprintf(stderr, "usage: %%s FUNCTION\n", arguments[0]);
  return 2;
}
"""

_GO_AFTER = """package %s

import (
	"os"
	"strings"
)

var Functions = map[string]any{
%s}

func guideAddress(text string) string {
	for _, pair := range strings.Split(os.Getenv("GUIDE_ADDRESSES"), ",") {
		if shown, actual, found := strings.Cut(pair, "="); found {
			text = strings.Replace(text, shown, actual, 1)
		}
	}
	return text
}
"""

_GO_MAIN = """package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

%s)

var pages = map[string]map[string]any{
%s}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	switch function := pages[os.Args[1]][os.Args[2]].(type) {
	case func() error:
		err = function()
	case func(context.Context) error:
		err = function(ctx)
	default:
		err = fmt.Errorf("no such function: %%v", os.Args[1:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
"""


def _looked_up(call: str, text: str) -> str:
    return _ADDRESS.sub(lambda literal: f"{call}({literal[0]})", text)


def _functions(blocks: list[pages.Block]) -> list[str]:
    return [name for block in blocks if (name := block.mark("run"))]


def cpp(folder: pathlib.Path, out: pathlib.Path) -> list[pathlib.Path]:
    written = []
    for page in sorted(folder.glob("*.md")):
        if not (blocks := pages.sources(page, "cpp")):
            continue
        text = "\n".join(block.text for block in blocks)
        if functions := _functions(blocks):
            choice = "".join(f'  if (name == "{f}") return guide_run({f});\n' for f in functions)
            text = _CPP_BEFORE + _looked_up("guide_address", text) + _CPP_AFTER % choice
        written.append(out / f"{page.stem}.cc")
        written[-1].write_text(text)
    return written


def go(folder: pathlib.Path, out: pathlib.Path) -> list[pathlib.Path]:
    written, names = [], []
    for page in sorted(folder.glob("*.md")):
        if not (blocks := pages.sources(page, "go")):
            continue
        package = "page_" + page.stem.replace("-", "_")
        names.append((page.stem, package))
        shutil.rmtree(out / package, ignore_errors=True)
        (out / package).mkdir()
        text = "\n".join(block.text for block in blocks)
        # Each `package main` begins a file, which has imports of its own.
        parts = [p for p in re.split(r"^package main\n", text, flags=re.M) if p.strip()]
        for number, part in enumerate(parts):
            written.append(out / package / f"part{number}.go")
            written[-1].write_text(f"package {package}\n{_looked_up('guideAddress', part)}")
        table = "".join(f'\t"{f}": {f},\n' for f in _functions(blocks))
        written.append(out / package / "functions.go")
        written[-1].write_text(_GO_AFTER % (package, table))
    written.append(out / "main.go")
    written[-1].write_text(_GO_MAIN % ("".join(f'\t"thalweg/guide/{package}"\n' for _, package in names),
                                       "".join(f'\t"{stem}": {package}.Functions,\n' for stem, package in names)))
    return written


def main(arguments: list[str]) -> None:
    write = go if "--go" in arguments else cpp
    folder, out = (pathlib.Path(a) for a in arguments if a != "--go")
    print("\n".join(map(str, write(folder, out))))


if __name__ == "__main__":
    main(sys.argv[1:])
