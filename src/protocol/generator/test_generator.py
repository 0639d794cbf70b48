#!/usr/bin/env python3
"""Tests of the schema grammar and of what C++ comes out; the bytes are tested in C++ (../*_test.cc)."""

from __future__ import annotations

import pathlib
import tempfile
import unittest

import cpp
import naming
import schema
import test_reference
from schema import NEWEST, NONE, Versions

FETCH = """
api Sample
  key        7
  versions   1-4
  flexible   3+
  listeners  broker

request
  Name      string?2+  0+  ignorable
  Wait      int32      2+  default -1
  Gone      int8       0
  Topics    []Topic    0+
    Offset  int64      0-2
    Racks   []string   3+  tag 0  default null
response
  struct Shared  0+
    Id      uuid       0+
  One       Shared     0+
  Many      []Shared?  4
"""


def load(text: str) -> list[schema.Message]:
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "sample.msg").write_text(text)
        return schema.load(pathlib.Path(folder))


class VersionsTest(unittest.TestCase):

    def test_parses_the_four_spellings(self):
        self.assertEqual(Versions.parse("3"), Versions(3, 3))
        self.assertEqual(Versions.parse("0-4"), Versions(0, 4))
        self.assertEqual(Versions.parse("2+"), Versions(2, NEWEST))
        self.assertFalse(Versions.parse("none"))

    def test_conditions_say_only_what_is_not_known(self):
        possible = Versions(2, 8)
        self.assertEqual(cpp.condition(Versions(0, NEWEST), possible), "")
        self.assertEqual(cpp.condition(Versions(5, NEWEST), possible), "v >= 5")
        self.assertEqual(cpp.condition(Versions(0, 5), possible), "v <= 5")
        self.assertEqual(cpp.condition(Versions(3, 5), possible), "v >= 3 && v <= 5")
        self.assertEqual(cpp.condition(Versions(4, 4), possible), "v == 4")
        self.assertIsNone(cpp.condition(Versions(9, NEWEST), possible))
        self.assertIsNone(cpp.condition(NONE, possible))


class SchemaTest(unittest.TestCase):

    def test_reads_an_api(self):
        request, response = load(FETCH)
        self.assertEqual((request.name, response.name), ("SampleRequest", "SampleResponse"))
        self.assertEqual(request.api.key, 7)
        self.assertEqual(request.api.advertise, Versions(1, 4))
        name, wait, topics = request.root.fields  # Gone is not in any version of the message
        self.assertEqual(name.nullable, Versions(2, NEWEST))
        self.assertTrue(name.ignorable)
        self.assertEqual(wait.default, "-1")
        self.assertTrue(topics.array and topics.is_struct)
        self.assertEqual(request.structs["Topic"].fields[1].tag, 0)

    def test_shared_structs_know_all_their_uses(self):
        _, response = load(FETCH)
        self.assertEqual(response.structs["Shared"].used, Versions(1, 4))

    def test_refuses_what_it_does_not_know(self):
        for before, after in [("ignorable", "ignored"), ("One       Shared", "One       Missing"), ("  key        7", ""), ("2+  default", "2*  default"),
                              ("  Wait ", "   Wait "), ("request", "question"), ("default -1", "default")]:
            with self.subTest(after), self.assertRaises(schema.SchemaError):
                load(FETCH.replace(before, after, 1))

    def test_says_file_and_line(self):
        with self.assertRaisesRegex(schema.SchemaError, r"sample\.msg:10: unknown attribute 'defaults'"):
            load(FETCH.replace("default -1", "defaults -1"))


class NamingTest(unittest.TestCase):

    def test_makes_snake_case(self):
        for kafka, ours in [("TimeoutMs", "timeout_ms"), ("KRaftVersion", "kraft_version"), ("IPAddress", "ip_address"),
                            ("V3AndBelowProducerId", "v3_and_below_producer_id"), ("timeoutMs", "timeout_ms")]:
            self.assertEqual(naming.snake(kafka), ours)


class ReferenceTest(unittest.TestCase):
    """The comparison with Kafka's definitions must see every kind of difference."""

    KAFKA = """{ // a comment
      "apiKey": 7, "type": "request", "listeners": ["broker"], "name": "SampleRequest",
      "validVersions": "1-4", "flexibleVersions": "3+", "fields": [
        { "name": "Name", "type": "string", "versions": "0+", "nullableVersions": "2+", "ignorable": true },
        { "name": "Wait", "type": "int32", "versions": "2+", "default": "-1" }, // and another
        { "name": "Topics", "type": "[]Topic", "versions": "0+", "fields": [
          { "name": "Offset", "type": "int64", "versions": "0-2" },
          { "name": "Racks", "type": "[]string", "versions": "3+", "taggedVersions": "3+", "tag": 0,
            "nullableVersions": "3+", "default": "null" } ] } ] }"""

    def differences(self, kafka: str) -> list[str]:
        text = FETCH[:FETCH.index("response")].replace("[]string   3+", "[]string?  3+")
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "SampleRequest.json").write_text(kafka)
            place = test_reference._definitions(pathlib.Path(folder))
        return test_reference.compare(load(text), [place])[0]

    def test_accepts_what_is_equal(self):
        self.assertEqual(self.differences(self.KAFKA), [])

    def test_sees_each_difference(self):
        for before, after in [('"apiKey": 7', '"apiKey": 8'), ('"flexibleVersions": "3+"', '"flexibleVersions": "2+"'),
                              ('["broker"]', '["controller"]'), ('"nullableVersions": "2+"', '"nullableVersions": "1+"'),
                              ('"ignorable": true', '"ignorable": false'), ('"default": "-1"', '"default": "0"'),
                              ('"int64"', '"int32"'), ('"versions": "0-2"', '"versions": "0-1"'), ('"tag": 0', '"tag": 1'),
                              ('"Offset"', '"Offsets"'), ('"default": "null"', '"default": ""'),
                              ('"name": "Wait"', '"name": "Wait", "mapKey": true')]:
            with self.subTest(after):
                self.assertIn(before, self.KAFKA)
                self.assertEqual(len(self.differences(self.KAFKA.replace(before, after, 1))), 1)


if __name__ == "__main__":
    unittest.main()
