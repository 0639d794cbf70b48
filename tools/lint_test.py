#!/usr/bin/env python3
"""The rules of tools/lint.py find what they are for, and nothing else."""
import pathlib
import unittest

import lint

BELOW = {"group", "base", "config"}
MODULES = """
module(base LINKS fmt::fmt)
module(group DEPENDS base TEST_DEPENDS runtime)
module(runtime DEPENDS base)
module(coordinator DEPENDS base
       runtime storage)
"""


def found(code: str, name: str = "src/group/some.cc") -> list[str]:
    return lint.breaches(name, code, BELOW)


class Purity(unittest.TestCase):
    def test_modules_that_do_not_see_runtime_are_below_the_line(self) -> None:
        self.assertEqual(lint.modules_below_the_line(MODULES), {"base", "group"})

    def test_the_outside_world_is_refused_by_header_and_by_name(self) -> None:
        for code in ("#include <fstream>", "#include <filesystem>", "#include <sys/socket.h>", "#include <netinet/in.h>", "#include <time.h>",
                     "#include <thread>", "#include <mutex>", "#include <atomic>", "#include <random>", "#include <unistd.h>", "#include <cstdio>",
                     "  std::ifstream in(path);", "namespace fs = std::filesystem;", "int fd = ::socket(AF_INET, 0, 0);",
                     "const auto t = ::time(nullptr);", "static thread_local int n;", "std::getenv(name)"):
            with self.subTest(code):
                self.assertEqual(len(found(code)), 1, found(code))

    def test_what_only_sounds_like_it_is_not(self) -> None:
        for code in ("#include <chrono>", "#include <vector>", "// #include <fstream>", "segment.open(path)", "BatchView::open(bytes)", "reader.read(4)",
                     "#include \"base/time.h\"", "group.connect(member);"):
            with self.subTest(code):
                self.assertEqual(found(code), [])

    def test_tests_those_above_the_line_and_the_exceptions_may(self) -> None:
        for name in ("src/group/some_test.cc", "src/group/testing_script.h", "src/storage/log.cc", "src/base/log.cc", "apps/thalweg/main.cc"):
            with self.subTest(name):
                self.assertEqual(found("#include <fstream>", name), [])

    def test_every_exception_is_a_file_that_needs_it(self) -> None:
        for name in lint.MAY_REACH_OUT:
            with self.subTest(name), open(name) as file:
                text = file.read()
                self.assertTrue(any(rule.search(text) for _, *rules in lint.OUTSIDE for rule in rules))


class Hosts(unittest.TestCase):
    def test_only_their_own_files_compile_a_host(self) -> None:
        include = '#include "coordinator/coordinator.h"'
        self.assertEqual(len(found(include, "src/broker/api/12_heartbeat.cc")), 1)
        self.assertEqual(len(found('#include "broker/group_shard.h"', "src/broker/broker.h")), 1)
        for name in sorted(lint.HOSTS):
            with self.subTest(name):
                self.assertEqual(found(include, name), [])
                self.assertTrue(pathlib.Path(name).exists())


if __name__ == "__main__":
    unittest.main()
