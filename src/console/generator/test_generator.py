#!/usr/bin/env python3
"""Tests of the generator: what it reads, what it refuses, what it writes."""

from __future__ import annotations

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import api  # noqa: E402
import cpp  # noqa: E402
import openapi  # noqa: E402
import typescript  # noqa: E402

TEXT = '''# A comment.
enum Color        "What is seen"
  red             "like blood"   # and another comment
  dark_blue       "like the sea # at night"

struct Thing      "A thing"
  name    string  "its name"
  size    int64?  "bytes"
  colors  []Color "all of them"

page ThingPage of Thing  "Things"
  dark    int32   "how many are dark"

struct Part       "A part"
  weight  int64?  "bytes"
  name    string  "its name"

struct Wish       "What is sent"
  text    string  "what is wished"
  color   Color?  "how it is to look"
  parts   []Part? "what it is made of"

get /things  ThingPage  "Things"
  query  color  Color  default "red"  "only these"
  query  limit  int32  default 10     "at most"
  query  q      string?               "text"
  fails  404
post /things/{thing}/wishes  none  "Wishes"
  body   Wish
get /things/{thing}/picture  bytes  "How it looks"
patch /things/{thing}/fine-print  Thing  "Changes it"
  planned
'''


def read(text: str) -> api.Api:
    made = api.Api()
    api.parse(text, "sample.api", made)
    api._check(made)
    return made


class Reading(unittest.TestCase):

    def test_reads_what_the_grammar_says(self):
        made = read(TEXT)
        self.assertEqual(made.enums["Color"].values[1], ("dark_blue", "like the sea # at night"))
        self.assertEqual(made.structs["Thing"].fields[1].type, api.Type("int64", False, True))
        self.assertEqual([f.name for f in made.structs["ThingPage"].fields], ["total", "from", "as_of", "dark", "items"])
        things, wishes, picture, print_ = made.operations
        self.assertEqual((things.id, wishes.id), ("get_things", "post_thing_wishes"))
        self.assertEqual((things.query[0].default, things.query[2].default, things.fails), ("red", None, [404]))
        self.assertEqual((print_.id, print_.planned, print_.query[0].name, print_.fails),
                         ("patch_thing_fine_print", True, "dry_run", [409, 428]))
        self.assertEqual((wishes.path_parameters, wishes.answer, wishes.body), (["thing"], None, "Wish"))
        self.assertEqual(picture.answer, api.RAW)
        self.assertEqual(made.read_structs(), {"Wish", "Part"})

    def test_refuses_what_it_does_not_know(self):
        for before, after in [("[]Color", "[]Colour"), ("int64?", "int64*"), ("post /", "put /"), ("body   Wish", "body   Wash"),
                              ('"its name"', "its name"), ("  name    string", "   name    string"), ("enum Color", "enum Thing"),
                              ('string?               "text"', 'string                "text"'), ("query  limit", "quary  limit"),
                              ("struct Wish       ", "struct Thing      "), ("  planned", "  planed"),
                              ("patch /things/{thing}/fine-print", "get /things/{thing}/fine-print")]:
            with self.subTest(after), self.assertRaises(api.ApiError):
                read(TEXT.replace(before, after, 1))

    def test_says_file_and_line(self):
        with self.assertRaisesRegex(api.ApiError, r"sample\.api:9: no type 'Color\[\]'"):
            read(TEXT.replace("[]Color", "Color[]"))

    def test_refuses_a_struct_within_itself(self):
        with self.assertRaisesRegex(api.ApiError, "contains itself"):
            read(TEXT.replace("[]Color", "[]Thing"))

    def test_refuses_words_of_cpp(self):
        with self.assertRaisesRegex(api.ApiError, "word of C"):
            cpp.header(read(TEXT.replace("  name    string", "  short   string")))


class Writing(unittest.TestCase):

    def test_cpp_has_types_and_defaults(self):
        text = cpp.header(read(TEXT))
        for line in ["enum class Color : std::uint8_t { kRed, kDarkBlue };", "  std::optional<std::int64_t> size;",
                     "  std::vector<Color> colors;", "struct GetThings {", "  using Answer = ThingPage;", "  Color color = Color::kRed;",
                     "  std::int32_t limit = 10;", '  static constexpr const char* kPattern = "/api/v1/things/{thing}/wishes";',
                     "using OperationsWithBody = std::tuple<PostThingWishes>;"]:
            self.assertIn(line + "\n", text)

    def test_cpp_reads_bodies_with_what_is_in_them(self):
        made = read(TEXT)
        text = cpp.source(made, "{}")
        for line in ['  TRY_VOID(read_member({value, at, "text"}, made.text));', '  TRY_VOID(read_member({value, at, "parts"}, made.parts));',
                     '  TRY_VOID(read_member({value, at, "color"}, made.color, {&color_of, "red, dark_blue"}));']:
            self.assertIn(line + "\n", text)
        self.assertIn("Outcome<Part> Part::read", text)
        self.assertNotIn("Outcome<Thing> Thing::read", text)

    def test_cpp_writes_no_comma_before_the_first_member_that_is_there(self):
        text = cpp.source(read(TEXT), "{}")
        self.assertIn("""    out += "\\"weight\\":";\n""", text)
        self.assertIn("""  if (out.back() != '{') out += ',';\n  out += "\\"name\\":";\n""", text)

    def test_bytes_are_a_download(self):
        made = read(TEXT + 'struct Problem "p"\n  title string "t"\n')
        self.assertIn("struct GetThingPicture {\n  using Answer = Download;", cpp.header(made))
        answer = json.loads(openapi.render(made))["paths"]["/api/v1/things/{thing}/picture"]["get"]["responses"]["200"]
        self.assertEqual(list(answer["content"]), ["application/octet-stream"])

    def test_cpp_hands_over_the_plan_that_an_act_carries(self):
        made = read(TEXT)
        self.assertIn("made.plan = plan_of(request);", cpp.source(made, "{}"))
        self.assertIn("std::optional<std::string> plan;", cpp.header(made))

    def test_typescript_has_optional_members_and_unions(self):
        text = typescript.render(read(TEXT))
        for line in ['export type Color = "red" | "dark_blue";', "  size?: Int64;", "  colors: Color[];", "  items: Thing[];"]:
            self.assertIn(line + "\n", text)

    def test_openapi_says_what_is_required_and_what_may_fail(self):
        made = json.loads(openapi.render(read(TEXT + 'struct Problem "p"\n  title string "t"\n')))
        self.assertEqual(made["components"]["schemas"]["Thing"]["required"], ["name", "colors"])
        operation = made["paths"]["/api/v1/things"]["get"]
        self.assertEqual([p["schema"].get("default") for p in operation["parameters"]], ["red", 10, None])
        self.assertIn("404", operation["responses"])
        wishes = made["paths"]["/api/v1/things/{thing}/wishes"]["post"]["responses"]
        self.assertLessEqual({"204", "413", "415"}, wishes.keys())
        self.assertNotIn("413", operation["responses"])

    def test_the_real_files_can_be_read(self):
        made = api.load(pathlib.Path(__file__).resolve().parent.parent / "schemas")
        self.assertGreater(len(made.operations), 15)
        cpp.source(made, openapi.render(made))


if __name__ == "__main__":
    unittest.main()
