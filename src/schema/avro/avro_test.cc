#include <gtest/gtest.h>

#include "schema/avro/avro_schema.h"
#include "schema/avro/diff.h"
#include "schema/avro/fingerprint.h"
#include "schema/compatibility.h"
#include "schema/limits.h"
#include "schema/md5.h"

namespace thalweg::schema::avro {
namespace {

ParsedSchemaPtr read(std::string_view text, const std::vector<Dependency>& dependencies = {}) {
  auto parsed = schema::parse(Type::kAvro, text, dependencies);
  EXPECT_TRUE(parsed) << text << "\n" << (parsed ? "" : parsed.error().message);
  return parsed ? *parsed : nullptr;
}
std::string printed(std::string_view text) {
  const auto schema = read(text);
  return schema ? schema->text() : "";
}
std::string why_not(std::string_view text, Validation validation = Validation::kNew) {
  auto parsed = schema::parse(Type::kAvro, text, {}, validation);
  return parsed ? "read: " + (*parsed)->text() : parsed.error().message;
}
std::string record(std::string_view fields, std::string_view name = "R") {
  return R"({"type":"record","name":")" + std::string(name) + R"(","fields":[)" + std::string(fields) + "]}";
}

TEST(AvroText, IsReprintedInTheOrderOfAvrosLibrary) {
  EXPECT_EQ(
      printed(R"( {"fields":[ {"default":null, "type":["null","string"],"name":"a","x":1,"doc":"d","aliases":["b"]}],
                       "aliases":["n.Old","Older"], "doc":"what", "custom":{"k":[1.0]}, "namespace":"n","name":"R","type":"record"})"),
      R"({"type":"record","name":"R","namespace":"n","doc":"what","fields":[)"
      R"({"name":"a","type":["null","string"],"doc":"d","default":null,"aliases":["b"],"x":1}],)"
      R"("custom":{"k":[1.0]},"aliases":["Old","Older"]})");
  EXPECT_EQ(printed(R"({"type":"string"})"), R"("string")");
  EXPECT_EQ(printed("string"), R"("string")") << "a bare name";
  EXPECT_EQ(printed(R"({"type":"long","logicalType":"timestamp-millis"})"),
            R"({"type":"long","logicalType":"timestamp-millis"})");
  EXPECT_EQ(printed(R"({"type":"enum","name":"a.b.E","symbols":["A","B"],"default":"A"})"),
            R"({"type":"enum","name":"E","namespace":"a.b","symbols":["A","B"],"default":"A"})");
  EXPECT_EQ(printed(R"({"type":"fixed","size":16,"name":"F"})"), R"({"type":"fixed","name":"F","size":16})");
  EXPECT_EQ(printed(R"({"type":"error","name":"E","fields":[]})"), R"({"type":"error","name":"E","fields":[]})");
}

TEST(AvroText, NamesTypesOnceAndRelativeToTheirNamespace) {
  EXPECT_EQ(
      printed(R"({"type":"record","name":"n.R","fields":[
      {"name":"a","type":{"type":"fixed","name":"F","size":1}},{"name":"b","type":"F"},{"name":"c","type":"n.F"},
      {"name":"d","type":{"type":"fixed","name":"G","namespace":"","size":1}},{"name":"e","type":["null","R"]}]})"),
      R"({"type":"record","name":"R","namespace":"n","fields":[)"
      R"({"name":"a","type":{"type":"fixed","name":"F","size":1}},{"name":"b","type":"F"},{"name":"c","type":"F"},)"
      R"({"name":"d","type":{"type":"fixed","name":"G","namespace":"","size":1}},{"name":"e","type":["null","R"]}]})");
}

TEST(AvroText, IsTheSameWhenPrintedAgain) {
  const std::string text = printed(record(R"({"name":"s","type":{"type":"array","items":{"type":"map","values":["null",
      {"type":"record","name":"x.In","fields":[{"name":"r","type":"x.In","order":"descending"}]}]}}})"));
  EXPECT_EQ(printed(text), text);
}

TEST(AvroText, RefusesWhatIsNoSchema) {
  EXPECT_EQ(why_not(""), "the schema is empty");
  EXPECT_EQ(why_not("{"), "not JSON: line 1, column 2: a key in quotes is missing");
  EXPECT_EQ(why_not("7"), "a schema is a name, an object or an array, not 7");
  EXPECT_EQ(why_not("{}"), "a schema without a type: {}");
  EXPECT_EQ(why_not(R"("Nowhere")"), "\"Nowhere\" is not defined so far, nor in a reference");
  EXPECT_EQ(why_not(R"({"type":"foo"})"), "there is no type \"foo\"");
  EXPECT_EQ(why_not(R"(["null",["int"]])"), R"(a union is a branch of another: ["null",["int"]])");
  EXPECT_EQ(why_not(R"(["int","int"])"), "the union has int twice");
  EXPECT_EQ(why_not(R"({"type":"record","name":"R"})"), R"(a record needs "fields": {"type":"record","name":"R"})");
  EXPECT_EQ(why_not(record(R"({"name":"a","type":"int"},{"name":"a","type":"int"})")), "R has two fields named a");
  EXPECT_EQ(why_not(record("", "a-b")), "\"a-b\" is no name: letters, digits and _ make one, and no digit comes first");
  EXPECT_EQ(why_not(record("", "int")), "\"int\" is a type already: choose another name");
  EXPECT_EQ(why_not(record(R"({"name":"a","type":{"type":"fixed","name":"R","size":1}})")), "R is defined twice");
  EXPECT_EQ(why_not(R"({"type":"enum","name":"E","symbols":["A","A"]})"), "the enum has the symbol A twice");
  EXPECT_EQ(why_not(R"({"type":"enum","name":"E","symbols":["A"],"default":"B"})"),
            R"(the enum's default, B, is none of its symbols: ["A"])");
  EXPECT_EQ(why_not(R"({"type":"fixed","name":"F","size":-1})"),
            R"(a fixed type needs "size", in bytes: {"type":"fixed","name":"F","size":-1})");
  EXPECT_EQ(why_not(R"({"type":"array"})"), R"(an array needs "items": {"type":"array"})");
}

TEST(AvroText, ChecksDefaultsOfWhatIsNew) {
  const auto with = [](std::string_view type, std::string_view value) {
    return record(fmt::format(R"({{"name":"a","type":{},"default":{}}})", type, value));
  };
  EXPECT_EQ(why_not(with(R"("int")", R"("x")")), R"(the default of field a does not fit its type, int: "x")");
  EXPECT_EQ(why_not(with(R"("int")", "2147483648")), "the default of field a does not fit its type, int: 2147483648");
  EXPECT_EQ(why_not(with(R"("int")", "1.0")), "the default of field a does not fit its type, int: 1.0");
  EXPECT_EQ(why_not(with(R"({"type":"array","items":"long"})", R"([1,null])")),
            "the default of field a does not fit its type, array: [1,null]");
  EXPECT_TRUE(why_not(with(R"("int")", R"("x")"), Validation::kStored).starts_with("read: "));
  for (
      const auto& [type, value] : std::initializer_list<std::pair<const char*, const char*>>{
          {R"("long")", "2147483648"},
          {R"(["null","int"])", "7"},
          {R"("double")", "1"},
          {R"("float")", R"("1.5")"},
          {R"("bytes")", R"("\u00ff")"},
          {R"({"type":"map","values":"boolean"})", R"({"x":true})"},
          {R"({"type":"record","name":"In","fields":[{"name":"x","type":"int","default":1},{"name":"y","type":"int"}]})",
           R"({"y":2})"}})
    EXPECT_TRUE(why_not(with(type, value)).starts_with("read: ")) << type << why_not(with(type, value));
  EXPECT_TRUE(why_not(with(R"({"type":"record","name":"In","fields":[{"name":"y","type":"int"}]})", "{}"))
                  .starts_with("the default of field a does not fit"));
}

TEST(AvroText, KnowsTypesOfItsReferencesAndPrintsThemByName) {
  const std::vector<Dependency> dependencies = {
      {.name = "n.A", .text = R"({"type":"record","name":"n.A","fields":[]})"},
      {.name = "n.B", .text = record(R"({"name":"a","type":"n.A"})", "n.B")}};
  const auto schema = read(R"({"type":"record","name":"n.C","fields":[{"name":"b","type":"B"}]})", dependencies);
  ASSERT_TRUE(schema);
  EXPECT_EQ(schema->text(), R"({"type":"record","name":"C","namespace":"n","fields":[{"name":"b","type":"B"}]})");
  EXPECT_EQ(schema->formatted("resolved").value(),
            R"({"type":"record","name":"C","namespace":"n","fields":[{"name":"b","type":{"type":"record","name":"B",)"
            R"("fields":[{"name":"a","type":{"type":"record","name":"A","fields":[]}}]}}]})");
  EXPECT_EQ(schema->formatted("of the future").value(), schema->text());
  const auto bad = schema::parse(Type::kAvro, R"("int")", {{.name = "x", .text = "{"}});
  ASSERT_FALSE(bad);
  EXPECT_TRUE(bad.error().message.starts_with("in the reference x: not JSON")) << bad.error().message;
}

TEST(AvroText, IsNormalizedByNameWhereOrderHasNoMeaning) {
  const auto a = read(R"({"type":"record","name":"R","doc":"","z":1,"b":{"y":1,"x":2},"aliases":["Q","P"],"fields":[
      {"name":"f","type":{"type":"bytes","scale":2,"logicalType":"decimal","precision":4,"extra":0}}]})");
  EXPECT_EQ(a->normalized().value(),
            R"({"type":"record","name":"R","fields":[{"name":"f","type":{"type":"bytes","logicalType":"decimal",)"
            R"("precision":4,"scale":2,"extra":0}}],"b":{"x":2,"y":1},"z":1,"aliases":["P","Q"]})");
  EXPECT_EQ(read(a->normalized().value())->normalized().value(), a->normalized().value());
}

std::string form(std::string_view text) {
  auto graph = parse(text, {}, Validation::kNew);
  return graph ? canonical_form(*graph).value() : graph.error().message;
}

// Pairs of the specification's own rules: full names, no doc, no aliases, integers plain.
TEST(AvroCanonicalForm, KeepsWhatDecidesAboutReading) {
  EXPECT_EQ(
      form(R"({"type":"fixed","namespace":"x.y","name":"foo","doc":"foo bar","aliases":["foo","bar"],"size":32})"),
      R"({"name":"x.y.foo","type":"fixed","size":32})");
  EXPECT_EQ(
      form(
          R"({"type":"record","name":"foo","namespace":"x.y","fields":[{"name":"f1","type":["null","foo"],"doc":"d"}]})"),
      R"({"name":"x.y.foo","type":"record","fields":[{"name":"f1","type":["null","x.y.foo"]}]})");
  EXPECT_EQ(form(R"({"type":"int","logicalType":"date"})"), R"("int")");
}

// The figures of the specification's table.
TEST(AvroFingerprint, IsTheSpecifications) {
  EXPECT_EQ(crc64("\"null\""), 7195948357588979594u);
  EXPECT_EQ(static_cast<std::int64_t>(crc64("\"boolean\"")), -6970731678124411036);
  EXPECT_EQ(crc64("\"int\""), 8247732601305521295u);
}

std::string hex(const Md5::Digest& digest) {
  std::string text;
  for (const auto byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}
// The test suite of RFC 1321.
TEST(Md5, IsTheRfcs) {
  EXPECT_EQ(hex(Md5::of("")), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(hex(Md5::of("message digest")), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_EQ(hex(Md5::of("12345678901234567890123456789012345678901234567890123456789012345678901234567890")),
            "57edf4a22be3c955ac49da2e2107b67a");
  Md5 in_pieces;
  for (int i = 0; i < 8; ++i) in_pieces.update("1234567890");
  EXPECT_EQ(hex(in_pieces.digest()), "57edf4a22be3c955ac49da2e2107b67a");
}

// "TYPE path" of everything that keeps `reader` from reading what `writer` wrote.
std::vector<std::string> problems(std::string_view writer, std::string_view reader) {
  const auto comparison = compare(*read(writer), *read(reader));
  std::vector<std::string> all;
  if (comparison.failure) all.push_back("FAILED " + *comparison.failure);
  for (const auto& difference : comparison.differences) all.push_back(difference.type + " " + difference.path);
  return all;
}
using Lines = std::vector<std::string>;

TEST(AvroDiff, PromotesNumbersAndTakesStringsForBytes) {
  for (const auto& [writer, reader] : std::initializer_list<std::pair<const char*, const char*>>{{"int", "long"},
                                                                                                 {"int", "float"},
                                                                                                 {"int", "double"},
                                                                                                 {"long", "float"},
                                                                                                 {"long", "double"},
                                                                                                 {"float", "double"},
                                                                                                 {"string", "bytes"},
                                                                                                 {"bytes", "string"}}) {
    EXPECT_EQ(problems(writer, reader), Lines{}) << writer << reader;
    if (std::string(writer) != "string" && std::string(writer) != "bytes")
      EXPECT_EQ(problems(reader, writer), Lines{"TYPE_MISMATCH /"}) << reader << writer;
  }
  EXPECT_EQ(problems("\"null\"", "int"), Lines{"TYPE_MISMATCH /"});
}

TEST(AvroDiff, WantsDefaultsForFieldsThatAreNew) {
  const auto old = record(R"({"name":"a","type":"int"})");
  EXPECT_EQ(problems(old, record(R"({"name":"a","type":"int"},{"name":"b","type":"int"})")),
            Lines{"READER_FIELD_MISSING_DEFAULT_VALUE /fields/1"});
  EXPECT_EQ(problems(old, record(R"({"name":"a","type":"int"},{"name":"b","type":"int","default":0})")), Lines{});
  EXPECT_EQ(problems(old, record("")), Lines{});
  EXPECT_EQ(problems(old, record(R"({"name":"b","aliases":["a"],"type":"long"})")), Lines{});
  EXPECT_EQ(problems(old, record(R"({"name":"a","type":"string"})")), Lines{"TYPE_MISMATCH /fields/0/type"});
  EXPECT_EQ(problems(record(R"({"name":"a","type":"int"},{"name":"b","type":"int"})"),
                     record(R"({"name":"a","aliases":["b"],"type":"int"})")),
            Lines{"FAILED by its name and aliases the field a is more than one field of R: remove an alias"});
}

TEST(AvroDiff, ComparesNamesWithoutNamespaceUnlessAnAliasHasOne) {
  EXPECT_EQ(problems(record("", "a.R"), record("", "b.R")), Lines{});
  EXPECT_EQ(problems(record("", "a.R"), record("", "a.S")), Lines{"NAME_MISMATCH /name"});
  EXPECT_EQ(problems(record("", "a.R"), R"({"type":"record","name":"a.S","aliases":["R"],"fields":[]})"), Lines{});
  EXPECT_EQ(problems(R"({"type":"fixed","name":"F","size":4})", R"({"type":"fixed","name":"G","size":8})"),
            (Lines{"NAME_MISMATCH /name", "FIXED_SIZE_MISMATCH /size"}));
}

TEST(AvroDiff, MissesSymbolsUnlessTheEnumHasADefault) {
  const std::string old = R"({"type":"enum","name":"E","symbols":["A","B","C"]})";
  EXPECT_EQ(problems(old, R"({"type":"enum","name":"E","symbols":["A"]})"), Lines{"MISSING_ENUM_SYMBOLS /symbols"});
  EXPECT_EQ(problems(old, R"({"type":"enum","name":"E","symbols":["A"],"default":"A"})"), Lines{});
  EXPECT_EQ(compare(*read(old), *read(R"({"type":"enum","name":"E","symbols":["A"]})")).differences.at(0).message,
            "{errorType:'MISSING_ENUM_SYMBOLS', description:'the new schema does not know these symbols, which the old "
            "schema "
            "has at '/symbols': add them, or give the enum a default', additionalInfo:'[B, C]'}");
}

TEST(AvroDiff, LooksForEveryBranchOfAUnion) {
  EXPECT_EQ(problems(R"(["int","string"])", R"(["int","boolean","double"])"), Lines{"MISSING_UNION_BRANCH /1"});
  EXPECT_EQ(problems(R"("string")", R"(["int","boolean"])"), Lines{"MISSING_UNION_BRANCH /"});
  EXPECT_EQ(problems(R"(["int","long"])", R"("long")"), Lines{});
  EXPECT_EQ(problems(R"(["int","string"])", R"("long")"), Lines{"TYPE_MISMATCH /1"});
  EXPECT_EQ(problems(R"({"type":"array","items":"int"})", R"({"type":"array","items":"string"})"),
            Lines{"TYPE_MISMATCH /items"});
}

TEST(AvroDiff, EndsOnSchemasThatContainThemselves) {
  const auto list = [](std::string_view type) {
    return record(fmt::format(R"({{"name":"v","type":"{}"}},{{"name":"next","type":["null","R"]}})", type));
  };
  EXPECT_EQ(problems(list("int"), list("long")), Lines{});
  EXPECT_EQ(problems(list("long"), list("int")), Lines{"TYPE_MISMATCH /fields/0/type"});
}

// Each record has two fields of the one before: 2^40 paths, which a walk without memory would all take.
TEST(AvroDiff, IsBoundedOnSchemasWithManyPaths) {
  const auto ladder = [](std::string_view type) {
    std::string text = fmt::format(R"([{{"type":"record","name":"R0","fields":[{{"name":"a","type":"{}"}}]}})", type);
    for (int i = 1; i <= 40; ++i)
      text += fmt::format(
          R"(,{{"type":"record","name":"R{}","fields":[{{"name":"a","type":"R{}"}},{{"name":"b","type":"R{}"}}]}})", i,
          i - 1, i - 1);
    return R"({"type":"record","name":"Top","fields":[{"name":"all","type":)" + text +
           R"(]},{"name":"z","type":"R40"}]})";
  };
  EXPECT_EQ(problems(ladder("int"), ladder("int")), Lines{});
  const auto comparison = compare(*read(ladder("long")), *read(ladder("int")));
  EXPECT_FALSE(comparison.compatible());
  EXPECT_LE(comparison.differences.size(), kDifferencesMax);
}

// A chain that names only lead along is deeper than any text may be nested.
TEST(AvroDiff, IsBoundedInDepth) {
  const auto chain = [](std::string_view type) {
    std::string text = fmt::format(R"([{{"type":"record","name":"R0","fields":[{{"name":"a","type":"{}"}}]}})", type);
    for (int i = 1; i <= 2000; ++i)
      text += fmt::format(R"(,{{"type":"record","name":"R{}","fields":[{{"name":"a","type":"R{}"}}]}})", i, i - 1);
    return R"({"type":"record","name":"Top","fields":[{"name":"z","type":"R2000"},{"name":"all","type":)" + text +
           "]}]}";
  };
  const auto reversed = [&](std::string_view type) {  // the types first, or the name would not be known
    const std::string text = chain(type);
    const auto all = text.find(R"({"name":"all")");
    return R"({"type":"record","name":"Top","fields":[)" + text.substr(all, text.size() - all - 2) +
           R"(,{"name":"z","type":"R2000"}]})";
  };
  const auto comparison = compare(*read(reversed("int")), *read(reversed("long")));
  EXPECT_FALSE(comparison.failure) << "in the order of definition every pair is known already";
  const std::string backwards = R"({"type":"record","name":"W","fields":[{"name":"z","type":)";
  std::string deep = R"("int")";
  for (int i = 0; i < 60; ++i)
    deep = fmt::format(R"({{"type":"record","name":"D{}","fields":[{{"name":"a","type":{}}}]}})", i, deep);
  EXPECT_TRUE(why_not(backwards + deep + "}]}").starts_with("read: "));
  for (int i = 60; i < 200; ++i)
    deep = fmt::format(R"({{"type":"record","name":"D{}","fields":[{{"name":"a","type":{}}}]}})", i, deep);
  EXPECT_NE(why_not(backwards + deep + "}]}").find("nested more than 200 deep"), std::string::npos);
}

TEST(AvroText, IsBoundedInBytesWithAllItRefersTo) {
  const std::string large = record("", "L") + std::string(kTextMax / 2, ' ');
  EXPECT_TRUE(schema::parse(Type::kAvro, large));
  const auto both =
      schema::parse(Type::kAvro, large, {{.name = "x", .text = record("", "X") + std::string(kTextMax / 2, ' ')}});
  ASSERT_FALSE(both);
  EXPECT_NE(both.error().message.find("at most 1048576 are taken"), std::string::npos) << both.error().message;
}

TEST(AvroText, IsBoundedInWhatItsDefaultsCost) {
  std::string fields =
      R"({"name":"f0","type":{"type":"record","name":"R0","fields":[{"name":"a","type":"int","default":1}]}})";
  for (int i = 1; i < 40; ++i)
    fields += fmt::format(
        R"(,{{"name":"f{0}","type":{{"type":"record","name":"R{0}","fields":[{{"name":"a","type":"R{1}","default":{{}}}},)"
        R"({{"name":"b","type":"R{1}","default":{{}}}}]}}}})",
        i, i - 1);
  EXPECT_EQ(why_not(record(fields, "Top")), "the defaults of R16 take too long to check");
}

TEST(Compatibility, SaysWhatAndAgainstWhich) {
  const auto old = read(record(R"({"name":"a","type":"int"})"));
  const auto fresh = read(record(R"({"name":"a","type":"string"},{"name":"b","type":"int"})"));
  const auto messages = incompatibilities(*fresh, Earlier{old, 3}, CompatibilityLevel::kBackward, Policy::kStrict);
  EXPECT_EQ(messages,
            (Lines{"{errorType:'TYPE_MISMATCH', description:'the type at '/fields/0/type' of the new schema cannot "
                   "take what the "
                   "old schema has there', additionalInfo:'INT cannot be read as STRING'}",
                   "{errorType:'READER_FIELD_MISSING_DEFAULT_VALUE', description:'data of the old schema lacks the "
                   "field 'b', and "
                   "the new schema cannot do without it: give the field at '/fields/1' a default, or keep it in both', "
                   "additionalInfo:'b'}",
                   "{oldSchemaVersion: 3}", "{oldSchema: '" + old->text() + "'}"}));
  EXPECT_EQ(incompatibilities(*fresh, Earlier{old, 3}, CompatibilityLevel::kForward, Policy::kStrict).size(), 3u);
  EXPECT_EQ(incompatibilities(*fresh, Earlier{old, 3}, CompatibilityLevel::kFull, Policy::kStrict).size(), 5u);
  EXPECT_EQ(incompatibilities(*fresh, Earlier{old, 3}, CompatibilityLevel::kNone, Policy::kStrict).size(), 0u);
  const auto other = schema::parse(Type::kJson, "{}");
  ASSERT_TRUE(other);
  EXPECT_EQ(incompatibilities(*fresh, Earlier{*other, 1}, CompatibilityLevel::kBackward, Policy::kStrict),
            Lines{"a schema of type AVRO cannot follow one of type JSON: give it a subject of its own"});
}

TEST(Compatibility, LooksAtTheNewestUnlessTransitive) {
  const auto without = read(record(""));
  const auto with_int = read(record(R"({"name":"a","type":"int"})"));
  const auto with_string = read(record(R"({"name":"a","type":"string"})"));
  const std::vector<Earlier> earlier = {{with_int, 1}, {without, 2}};
  const auto check = [&](CompatibilityLevel level) {
    return incompatibilities(*with_string, earlier, level, Policy::kStrict);
  };
  EXPECT_EQ(check(CompatibilityLevel::kForward).size(), 0u);
  const auto transitive = check(CompatibilityLevel::kForwardTransitive);
  ASSERT_EQ(transitive.size(), 3u);
  EXPECT_EQ(transitive[1], "{oldSchemaVersion: 1}");
  EXPECT_EQ(compatibility_level_named("Full_transitive"), CompatibilityLevel::kFullTransitive);
  EXPECT_EQ(compatibility_level_named("FULLER"), std::nullopt);
}

TEST(Compatibility, CutsLongSchemasInItsMessages) {
  std::string doc(11'000, 'x');
  const auto old = read(R"({"type":"record","name":"R","doc":")" + doc + R"(","fields":[]})");
  const auto messages =
      incompatibilities(*read("int"), Earlier{old, 1}, CompatibilityLevel::kBackward, Policy::kStrict);
  EXPECT_TRUE(messages.back().starts_with("{oldSchema: <truncated> '{\"type\"")) << messages.back();
  EXPECT_TRUE(messages.back().ends_with("xxx...'}"));
  EXPECT_LT(messages.back().size(), 10'300u);
}

}  // namespace
}  // namespace thalweg::schema::avro
