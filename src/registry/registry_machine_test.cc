#include <map>

#include "registry/registry_codec.h"
#include "registry/testing.h"

namespace thalweg::registry {
namespace {

using Numbers = std::vector<std::int32_t>;
using Texts = std::vector<std::string>;

TEST(Registering, GivesIdsInOrderAndTheSameForTheSame) {
  Registry registry;
  const auto first = registry.put("a", R"({"type": "string"})");
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->id, 1);
  EXPECT_EQ(first->version, 1);
  EXPECT_EQ(first->text, "\"string\"");
  EXPECT_EQ(registry.put("a", "\"string\""), first) << "the same content, reprinted";
  EXPECT_EQ(registry.log().size(), 1u) << "and nothing is written for it";
  const auto elsewhere = registry.put("b", "\"string\"");
  EXPECT_EQ(elsewhere->id, 1);
  EXPECT_EQ(elsewhere->guid, first->guid);
  EXPECT_EQ(registry.put("b", "\"bytes\"")->id, 2);
  EXPECT_EQ(registry.ask(GetVersions{.subject = "b"}), (Numbers{1, 2}));
  EXPECT_EQ(registry.ask(GetSubjects{}), (Texts{"a", "b"}));
}

TEST(Registering, TellsWhenAVersionWasWritten) {
  Registry registry;
  registry.wall = 1000;
  EXPECT_EQ(registry.put("a", "\"int\"")->written, 1000);
  registry.wall = 2000;
  EXPECT_EQ(registry.put("a", "\"int\"")->written, 1000) << "it was there";
  EXPECT_EQ(registry.put("b", "\"int\"")->written, 2000) << "the same id, another record";
  registry.restart();
  EXPECT_EQ(registry.ask(GetVersion{.subject = "a"})->written, 1000);
  registry.wall = 3000;
  registry.ask(DeleteVersion{.subject = "a", .version = {1}});
  EXPECT_EQ(registry.ask(GetVersion{.subject = "a", .version = {1}, .deleted = true})->written, 3000);
}

TEST(Registering, RefusesWhatIsIncompatibleAndSaysWhy) {
  Registry registry;
  registry.put("a", record_of(field_of("x")));
  const auto refused = registry.put("a", record_of(field_of("x") + "," + field_of("y")));
  EXPECT_EQ(code_of(refused), Code::kIncompatible);
  EXPECT_EQ(http_status(refused.error().code), 409);
  EXPECT_TRUE(refused.error().message.starts_with(
      "Schema being registered is incompatible with an earlier schema for subject \"a\": [{errorType:"));
  EXPECT_NE(refused.error().message.find("READER_FIELD_MISSING_DEFAULT_VALUE"), std::string::npos);
  EXPECT_NE(refused.error().message.find("{validateFields: 'false', compatibility: 'BACKWARD'}"), std::string::npos);
  EXPECT_EQ(registry.put("a", record_of(field_of("x") + "," + field_of("y", "\"int\"", ",\"default\":0")))->version, 2);
  EXPECT_TRUE(registry.ask(RegisterSchema{.subject = "a", .schema = {.text = "\"null\""}, .force = true}));
}

TEST(Registering, RefusesWhatItCannotRead) {
  Registry registry;
  EXPECT_EQ(code_of(registry.put("a", "{")), Code::kInvalidSchema);
  EXPECT_EQ(code_of(registry.put("a", "  ")), Code::kInvalidSchema);
  EXPECT_EQ(code_of(registry.ask(RegisterSchema{.subject = "a", .schema = {.type = "XML", .text = "x"}})),
            Code::kInvalidSchema);
  EXPECT_EQ(code_of(registry.put("__GLOBAL", "\"int\"")), Code::kInvalidSubject);
  EXPECT_EQ(code_of(registry.put("a\nb", "\"int\"")), Code::kInvalidSubject);
  EXPECT_EQ(code_of(registry.put("a", "\"int\"" + std::string(1'000'001, ' '))), Code::kTooLarge);
  // Short enough as it is, too long as its record quotes it.
  std::string quotes;
  while (quotes.size() < 600'000) quotes += R"(\")";
  EXPECT_EQ(code_of(registry.put("a", R"({"type":"record","name":"R","fields":[],"doc":")" + quotes + "\"}")),
            Code::kTooLarge);
  EXPECT_EQ(
      code_of(registry.ask(RegisterSchema{
          .subject = "a", .schema = {.text = "\"int\"", .rules = RuleSet{.domain = {{.name = "r", .type = "CEL"}}}}})),
      Code::kInvalidRules);
  EXPECT_EQ(registry.log().size(), 0u);
}

TEST(Registering, HandsOverWhatTakesItsTime) {
  Registry registry;
  EXPECT_TRUE(registry.put("a", record_of(field_of("x"))));
  EXPECT_EQ(registry.jobs(), 1) << "to read it";
  EXPECT_TRUE(registry.put("a", record_of(field_of("y", "\"int\"", ",\"default\":0"))));
  EXPECT_EQ(registry.jobs(), 4) << "the same, to read what is there, to compare";
  EXPECT_TRUE(registry.put("a", record_of("")));
  EXPECT_EQ(registry.jobs(), 7) << "of what is there one was read already";
  EXPECT_TRUE(registry.put("a", record_of(field_of("x"))));
  EXPECT_EQ(registry.jobs(), 8) << "what is known by its digest needs no look at the others";
  EXPECT_EQ(registry.ask(GetVersion{.subject = "a", .version = {1}, .format = "resolved"})->text,
            record_of(field_of("x")));
  EXPECT_EQ(registry.jobs(), 9) << "to print it; it had been read";
}

// A large one's record is JSON in JSON: a millisecond or two for a megabyte.
TEST(Registering, HasTheRecordOfALargeSchemaWrittenElsewhere) {
  Registry registry;
  const auto large = [](const std::string& name) {
    return R"({"type":"record","name":")" + name + R"(","doc":")" + std::string(100'000, 'd') + R"(","fields":[]})";
  };
  ASSERT_TRUE(registry.put("a", large("A")));
  ASSERT_TRUE(registry.put("b", "\"int\""));
  const int before = registry.jobs();
  ASSERT_TRUE(registry.ask(DeleteVersion{.subject = "b", .version = {1}}));
  EXPECT_EQ(registry.jobs(), before) << "a small one is written at once";
  ASSERT_TRUE(registry.ask(DeleteVersion{.subject = "a", .version = {1}}));
  EXPECT_EQ(registry.jobs(), before + 1);
  ASSERT_EQ(registry.log().size(), 4u);
  for (const std::size_t i : {0u, 3u}) {
    auto record = std::get<SchemaRecord>(registry.log()[i]);
    ASSERT_TRUE(record.value->spelling) << i;
    const auto bytes = encode(record);
    record.value->spelling = nullptr;
    EXPECT_EQ(encode(record), bytes) << i;
  }
}

TEST(Registering, GoesOnWithWhatHasChangedMeanwhile) {
  Registry registry;
  registry.ask(PutConfig{.subject = "a", .level = "FORWARD"});
  registry.put("a", record_of(field_of("x", "\"int\"", ",\"default\":0")));
  const RegisterSchema request{.subject = "a", .schema = {.text = record_of(field_of("y"))}};
  RequestContext context;
  const auto step = [&] { return registry.machine().on(request, context, RequestId{99}, Instant(0), 0); };
  for (auto effects = step();; effects = step()) {
    const auto& answer = std::get<RegisterSchema::Response>(effects.replies.at(0).reply);
    if (answer || !answer.error().job) break;
    EXPECT_TRUE(effects.append.empty());
    context.findings = answer.error().job->carry_out(context.findings);
  }
  // All is found and nothing written. Another version comes, which this one does not fit.
  ASSERT_TRUE(registry.put("a", record_of(field_of("z"))));
  const auto again = std::get<RegisterSchema::Response>(step().replies.at(0).reply);
  ASSERT_FALSE(again);
  EXPECT_TRUE(again.error().job) << "what was found is about another version";
  EXPECT_EQ(code_of(registry.ask(request)), Code::kIncompatible);
}

TEST(Registering, ChecksAgainstAllVersionsWhenTheLevelIsTransitiveAPartAtATime) {
  Registry registry;
  registry.ask(PutConfig{.subject = "a", .level = "NONE"});
  const std::string doc(120'000, 'd');
  for (int i = 0; i < 20; ++i)
    registry.put("a", R"({"type":"record","name":"R","doc":")" + doc + R"(","fields":[)" +
                          field_of("f" + std::to_string(i)) + "]}");
  registry.ask(PutConfig{.subject = "a", .level = "FORWARD_TRANSITIVE"});
  const int before = registry.jobs();
  const auto refused = registry.put("a", record_of(field_of("f19")));
  EXPECT_EQ(code_of(refused), Code::kIncompatible);
  std::string all;
  for (int i = 0; i < 20; ++i) all += (i ? "," : "") + field_of("f" + std::to_string(i));
  EXPECT_EQ(registry.put("a", record_of(all))->version, 21);
  // One for each of the two to be read, one for the newest to be read for find_same(), one for the first that refuses.
  EXPECT_GE(registry.jobs() - before, 6) << "twenty schemas of 120 kB in jobs of a megabyte";
}

TEST(Registering, FindsAVersionThatWasGoneAgainUnderItsId) {
  Registry registry;
  registry.put("a", "\"string\"");
  EXPECT_EQ(registry.ask(DeleteSubject{.subject = "a"}), Numbers{1});
  const auto again = registry.put("a", "\"string\"");
  EXPECT_EQ(again->id, 1);
  EXPECT_EQ(again->version, 2);
  EXPECT_EQ(registry.ask(GetVersions{.subject = "a", .deleted = true}), Numbers{2})
      << "the older one has gone for good";
}

TEST(Registering, ResolvesReferences) {
  Registry registry;
  registry.put("user", record_of(field_of("n"), "ns.User"));
  const std::string order = R"({"type":"record","name":"ns.Order","fields":[{"name":"by","type":"ns.User"}]})";
  EXPECT_EQ(code_of(registry.put("order", order)), Code::kInvalidSchema);
  EXPECT_EQ(code_of(registry.put("order", order, {{"ns.User", "user", 2}})), Code::kInvalidSchema);
  const auto made = registry.put("order", order, {{"ns.User", "user", 1}});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->text, R"({"type":"record","name":"Order","namespace":"ns","fields":[{"name":"by","type":"User"}]})");
  EXPECT_EQ(registry.ask(GetReferencedBy{.subject = "user", .version = {1}}), Numbers{made->id});
  EXPECT_EQ(code_of(registry.ask(DeleteVersion{.subject = "user", .version = {1}})), Code::kReferenced);
  EXPECT_EQ(code_of(registry.ask(DeleteSubject{.subject = "user"})), Code::kReferenced);
  // The same, with all it refers to written out, is the same schema.
  const auto resolved = registry.ask(GetVersion{.subject = "order", .version = {1}, .format = "resolved"});
  EXPECT_NE(resolved->text.str().find(R"("fields":[{"name":"n")"), std::string::npos) << resolved->text.str();
  EXPECT_EQ(registry.put("order", resolved->text)->version, 1);
  // Softly deleted, it is no obstacle to another soft deletion, but to a permanent one.
  registry.ask(DeleteSubject{.subject = "order"});
  EXPECT_TRUE(registry.ask(DeleteSubject{.subject = "user"}));
  EXPECT_EQ(code_of(registry.ask(DeleteSubject{.subject = "user", .permanent = true})), Code::kReferenced);
  registry.ask(DeleteSubject{.subject = "order", .permanent = true});
  EXPECT_TRUE(registry.ask(DeleteSubject{.subject = "user", .permanent = true}));
}

TEST(Registering, TakesMetadataAndRulesFromConfigurationAndFromTheLastVersion) {
  Registry registry;
  const Metadata given{.properties = {{"owner", "a"}}};
  registry.ask(PutConfig{.subject = "s", .override_metadata = Metadata{.properties = {{"zone", "eu"}}}});
  const auto first = registry.ask(RegisterSchema{.subject = "s", .schema = {.text = "\"int\"", .metadata = given}});
  EXPECT_EQ(first->metadata->properties, (std::map<std::string, std::string>{{"owner", "a"}, {"zone", "eu"}}));
  EXPECT_EQ(registry.put("s", "\"int\""), first) << "what is not said is as it was";
  EXPECT_EQ(registry.ask(LookUpSchema{.subject = "s", .schema = {.text = "\"int\""}}), first);
  EXPECT_EQ(registry.ask(GetLatestWithMetadata{.subject = "s", .properties = {{"zone", "eu"}}}), first);
  EXPECT_EQ(code_of(registry.ask(GetLatestWithMetadata{.subject = "s", .properties = {{"zone", "us"}}})),
            Code::kSchemaNotFound);
}

TEST(LookingUp, TellsMissingSubjectsFromMissingSchemas) {
  Registry registry;
  EXPECT_EQ(code_of(registry.ask(LookUpSchema{.subject = "a", .schema = {.text = "\"int\""}})), Code::kSubjectNotFound);
  registry.put("a", "\"int\"");
  EXPECT_EQ(registry.ask(LookUpSchema{.subject = "a", .schema = {.text = R"({"type":"int"})"}})->version, 1);
  EXPECT_EQ(code_of(registry.ask(LookUpSchema{.subject = "a", .schema = {.text = "\"long\""}})), Code::kSchemaNotFound);
  EXPECT_EQ(code_of(registry.ask(GetVersions{.subject = "b"})), Code::kSubjectNotFound);
  EXPECT_EQ(code_of(registry.ask(GetVersion{.subject = "a", .version = {2}})), Code::kVersionNotFound);
  EXPECT_EQ(registry.ask(GetVersion{.subject = "a"})->version, 1) << "the latest";
  EXPECT_EQ(code_of(registry.ask(GetById{.id = 9})), Code::kSchemaNotFound);
}

TEST(LookingUp, ReadsVersionsAsPathsHaveThem) {
  EXPECT_EQ(VersionName::parse("LATEST")->number, -1);
  EXPECT_EQ(VersionName::parse("-1")->number, -1);
  EXPECT_EQ(VersionName::parse("7")->number, 7);
  for (const auto* text : {"0", "-2", "x", "2147483648", ""})
    EXPECT_EQ(code_of(VersionName::parse(text)), Code::kInvalidVersion) << text;
}

TEST(LookingUp, GoesByIdAndGuidAlsoWhenDeletedSoftly) {
  Registry registry;
  const auto made = registry.put("a", "\"int\"");
  registry.put("b", "\"int\"");
  EXPECT_EQ(registry.ask(GetSubjectsById{.id = 1}), (Texts{"a", "b"}));
  EXPECT_EQ(registry.ask(GetVersionsById{.id = 1}), (std::vector<SubjectVersion>{{"a", 1}, {"b", 1}}));
  EXPECT_EQ(registry.ask(GetByGuid{.guid = made->guid})->schema.text, "\"int\"");
  EXPECT_EQ(registry.ask(GetIdsByGuid{.guid = made->guid}), (std::vector<ContextId>{{".", 1}}));
  registry.ask(DeleteSubject{.subject = "a"});
  registry.ask(DeleteSubject{.subject = "b"});
  EXPECT_EQ(registry.ask(GetById{.id = 1})->schema.text, "\"int\"");
  EXPECT_EQ(registry.ask(GetSubjectsById{.id = 1}), Texts{});
  registry.ask(DeleteSubject{.subject = "a", .permanent = true});
  EXPECT_TRUE(registry.ask(GetById{.id = 1}));
  registry.ask(DeleteSubject{.subject = "b", .permanent = true});
  EXPECT_EQ(code_of(registry.ask(GetById{.id = 1})), Code::kSchemaNotFound);
}

TEST(LookingUp, IsPaged) {
  Registry registry(RegistryConfig{.schemas_at_once = 3});
  for (const auto* subject : {"a", "b", "c", "d", "e"}) registry.put(subject, "\"int\"");
  EXPECT_EQ(registry.ask(GetSubjects{.page = {.offset = 1, .limit = 2}}), (Texts{"b", "c"}));
  EXPECT_EQ(registry.ask(GetSubjects{.page = {.offset = 9, .limit = 2}}), Texts{});
  EXPECT_EQ(registry.ask(GetSchemas{})->size(), 3u);
  EXPECT_EQ(registry.ask(GetSchemas{.page = {.offset = 4, .limit = 100}})->size(), 1u)
      << "too much is as much as there is at once";
}

TEST(Deleting, IsSoftFirst) {
  Registry registry;
  registry.put("a", "\"int\"");
  registry.put("a", "\"long\"");
  EXPECT_EQ(code_of(registry.ask(DeleteVersion{.subject = "a", .version = {1}, .permanent = true})),
            Code::kVersionNotSoftDeleted);
  EXPECT_EQ(code_of(registry.ask(DeleteSubject{.subject = "a", .permanent = true})), Code::kSubjectNotSoftDeleted);
  EXPECT_EQ(registry.ask(DeleteVersion{.subject = "a", .version = {1}})->version, 1);
  EXPECT_EQ(code_of(registry.ask(DeleteVersion{.subject = "a", .version = {1}})), Code::kVersionSoftDeleted);
  EXPECT_EQ(code_of(registry.ask(DeleteVersion{.subject = "a", .version = {3}})), Code::kVersionNotFound);
  EXPECT_EQ(code_of(registry.ask(DeleteVersion{.subject = "b", .version = {1}})), Code::kSubjectNotFound);
  EXPECT_EQ(registry.ask(GetVersions{.subject = "a", .deleted_as_negative = true}), (Numbers{-1, 2}));
  EXPECT_EQ(registry.ask(GetVersions{.subject = "a", .deleted_only = true}), Numbers{1});
  EXPECT_EQ(registry.ask(DeleteVersion{.subject = "a", .version = {1}, .permanent = true})->version, 1);
  EXPECT_EQ(registry.ask(DeleteVersion{.subject = "a"})->version, 2) << "the latest";
  EXPECT_EQ(code_of(registry.ask(DeleteSubject{.subject = "a"})), Code::kSubjectSoftDeleted);
  EXPECT_EQ(registry.ask(GetSubjects{}), Texts{});
  EXPECT_EQ(registry.ask(GetSubjects{.deleted = true}), Texts{"a"});
  registry.ask(PutConfig{.subject = "a", .level = "FULL"});
  EXPECT_EQ(registry.ask(DeleteSubject{.subject = "a", .permanent = true}), Numbers{2});
  EXPECT_EQ(code_of(registry.ask(GetConfig{.subject = "a"})), Code::kNoSubjectConfig) << "its settings go with it";
  EXPECT_EQ(code_of(registry.ask(DeleteSubject{.subject = "a"})), Code::kSubjectNotFound);
}

// Compaction leaves the last record of every key; tombstones go after a while.
std::vector<Record> compacted(const std::vector<Record>& log) {
  std::map<std::string, Record> last;
  for (const auto& record : log) last[std::string(encode(record)->key.text())] = record;
  std::vector<Record> left;
  for (const auto& record : log) {
    const auto bytes = encode(record);
    const auto& kept = last.at(std::string(bytes->key.text()));
    if (kept == record && bytes->value) left.push_back(record);
  }
  return left;
}

TEST(Ids, AreNeverGivenOutTwiceNotEvenAfterCompaction) {
  Registry registry;
  registry.put("a", "\"int\"");
  registry.put("b", "\"long\"");
  registry.put(":.c:x", "\"int\"");
  registry.ask(DeleteSubject{.subject = "b"});
  registry.ask(DeleteSubject{.subject = "b", .permanent = true});
  registry.ask(DeleteSubject{.subject = ":.c:x"});
  registry.ask(DeleteSubject{.subject = ":.c:x", .permanent = true});
  registry.set_log(compacted(registry.log()));
  EXPECT_EQ(registry.put("b", "\"float\"")->id, 3);
  EXPECT_EQ(registry.put(":.c:x", "\"double\"")->id, 2);
}

TEST(Contexts, CountIdsForThemselves) {
  Registry registry;
  registry.put("a", "\"int\"");
  EXPECT_EQ(registry.put(":.c:a", "\"long\"")->id, 1);
  EXPECT_EQ(registry.put(":.c:only", "\"float\"")->id, 2);
  EXPECT_EQ(registry.ask(GetContexts{}), (Texts{".", ".c"}));
  EXPECT_EQ(registry.ask(GetSubjects{}), (Texts{":.c:a", ":.c:only", "a"}));
  EXPECT_EQ(registry.ask(GetSubjects{.prefix = ":.c:"}), (Texts{":.c:a", ":.c:only"}));
  EXPECT_EQ(registry.ask(GetSubjects{.prefix = ""}), Texts{"a"});
  EXPECT_EQ(registry.ask(GetById{.id = 1})->schema.text, "\"int\"") << "the default context first";
  EXPECT_EQ(registry.ask(GetById{.id = 2})->schema.text, "\"float\"") << "then the others";
  EXPECT_EQ(registry.ask(GetById{.id = 1, .subject = ":.c:"})->schema.text, "\"long\"");
  EXPECT_EQ(registry.ask(GetVersion{.subject = "only"})->subject, ":.c:only");
  EXPECT_EQ(code_of(registry.ask(DeleteContext{.context = ".c"})), Code::kContextNotEmpty);
  for (const bool permanent : {false, true})
    for (const auto* subject : {":.c:a", ":.c:only"})
      registry.ask(DeleteSubject{.subject = subject, .permanent = permanent});
  EXPECT_TRUE(registry.ask(DeleteContext{.context = ".c"}));
  EXPECT_EQ(registry.ask(GetContexts{}), Texts{"."});
  EXPECT_EQ(code_of(registry.ask(DeleteContext{.context = ".c"})), Code::kSubjectNotFound);
}

TEST(Aliases, StandForAnotherSubject) {
  Registry registry;
  registry.put("real", "\"int\"");
  registry.ask(PutConfig{.subject = "nick", .alias = "real"});
  EXPECT_EQ(registry.ask(GetVersion{.subject = "nick"})->subject, "real");
  EXPECT_EQ(registry.put("nick", "\"long\"")->subject, "real");
}

TEST(Configuration, IsTheSubjectsOwnElseTheContextsElseEverybodys) {
  Registry registry;
  EXPECT_EQ(registry.ask(GetConfig{})->level, schema::CompatibilityLevel::kBackward);
  EXPECT_EQ(code_of(registry.ask(GetConfig{.subject = "a"})), Code::kNoSubjectConfig);
  EXPECT_EQ(code_of(registry.ask(PutConfig{.subject = "a", .level = "SIDEWAYS"})), Code::kInvalidLevel);
  EXPECT_EQ(registry.ask(PutConfig{.level = "full"})->level, schema::CompatibilityLevel::kFull);
  EXPECT_EQ(registry.ask(GetConfig{.subject = "a", .default_to_global = true})->level,
            schema::CompatibilityLevel::kFull);
  EXPECT_EQ(registry.ask(GetConfig{.subject = ":.c:a", .default_to_global = true})->level,
            schema::CompatibilityLevel::kBackward);
  registry.ask(PutConfig{.subject = ":.c:", .level = "NONE"});
  EXPECT_EQ(registry.ask(GetConfig{.subject = ":.c:a", .default_to_global = true})->level,
            schema::CompatibilityLevel::kNone);
  registry.ask(PutConfig{.subject = "a", .normalize = true});
  EXPECT_EQ(registry.ask(GetConfig{.subject = "a"})->level, std::nullopt);
  EXPECT_EQ(registry.ask(GetConfig{.subject = "a", .default_to_global = true})->level,
            schema::CompatibilityLevel::kFull);
  registry.ask(PutConfig{.subject = "a", .normalize = Change<bool>(std::optional<bool>())});
  EXPECT_EQ(registry.ask(GetConfig{.subject = "a"})->normalize, std::nullopt) << "null clears";
  EXPECT_TRUE(registry.ask(DeleteConfig{.subject = "a"}));
  EXPECT_EQ(code_of(registry.ask(DeleteConfig{.subject = "a"})), Code::kSubjectNotFound);
  EXPECT_EQ(registry.ask(DeleteConfig{})->level, schema::CompatibilityLevel::kFull);
  EXPECT_EQ(registry.ask(GetConfig{})->level, schema::CompatibilityLevel::kBackward);
}

TEST(Modes, DecideWhoMayWrite) {
  Registry registry;
  EXPECT_EQ(registry.ask(GetMode{}), Mode::kReadWrite);
  EXPECT_EQ(code_of(registry.ask(GetMode{.subject = "a"})), Code::kNoSubjectMode);
  EXPECT_EQ(code_of(registry.ask(PutMode{.mode = "WRITE"})), Code::kInvalidMode);
  registry.put("a", "\"int\"");
  registry.ask(PutMode{.subject = "a", .mode = "READONLY"});
  EXPECT_EQ(code_of(registry.put("a", "\"long\"")), Code::kNotPermitted);
  EXPECT_EQ(code_of(registry.ask(DeleteSubject{.subject = "a"})), Code::kNotPermitted);
  EXPECT_EQ(code_of(registry.ask(PutConfig{.subject = "a", .level = "NONE"})), Code::kNotPermitted);
  EXPECT_EQ(registry.ask(DeleteMode{.subject = "a"}), Mode::kReadOnly);
  EXPECT_EQ(code_of(registry.ask(RegisterSchema{.subject = "b", .schema = {.text = "\"int\"", .id = 7}})),
            Code::kNotPermitted);
  Registry fixed(RegistryConfig{.mode_mutable = false});
  EXPECT_EQ(code_of(fixed.ask(PutMode{.mode = "READONLY"})), Code::kNotPermitted);
}

TEST(Importing, TakesIdsAndVersionsAsTheyAre) {
  Registry registry;
  registry.put("a", "\"int\"");
  EXPECT_EQ(code_of(registry.ask(PutMode{.mode = "IMPORT"})), Code::kNotPermitted) << "there are subjects";
  registry.ask(DeleteSubject{.subject = "a"});
  EXPECT_TRUE(registry.ask(PutMode{.mode = "IMPORT"}));
  EXPECT_EQ(registry.ask(GetSubjects{.deleted = true}), Texts{}) << "what was softly deleted is gone";
  EXPECT_EQ(code_of(registry.put("a", "\"int\"")), Code::kNotPermitted) << "without an id";
  const auto import = [&](std::int32_t id, std::int32_t version, const std::string& text) {
    return registry.ask(RegisterSchema{.subject = "a", .schema = {.text = text, .version = version, .id = id}});
  };
  EXPECT_EQ(import(42, 5, "\"int\"")->version, 5);
  EXPECT_EQ(import(43, 2, "\"string\"")->version, 2) << "whether it is compatible is not asked";
  EXPECT_EQ(code_of(import(42, 6, "\"long\"")), Code::kNotPermitted) << "an id means one schema";
  registry.ask(PutMode{.mode = "READWRITE"});
  EXPECT_EQ(registry.put("b", "\"float\"")->id, 44);
}

TEST(Compatibility, IsToldWithoutRegistering) {
  Registry registry;
  const auto check = [&](const std::string& text, std::optional<VersionName> version, bool verbose = false) {
    return registry.ask(
        CheckCompatibility{.subject = "a", .version = version, .schema = {.text = text}, .verbose = verbose});
  };
  EXPECT_TRUE(check("\"int\"", VersionName{-1})->compatible) << "with nothing";
  registry.put("a", "\"int\"");
  EXPECT_TRUE(check("\"long\"", VersionName{1})->compatible);
  EXPECT_FALSE(check("\"string\"", VersionName{-1})->compatible);
  EXPECT_TRUE(check("\"string\"", VersionName{-1})->messages.empty());
  EXPECT_EQ(check("\"string\"", std::nullopt, true)->messages.size(), 4u);
  EXPECT_EQ(code_of(check("\"int\"", VersionName{2})), Code::kVersionNotFound);
  EXPECT_EQ(code_of(check("{", VersionName{1})), Code::kInvalidSchema);
  EXPECT_FALSE(check("{", VersionName{1}, true)->compatible);
  EXPECT_EQ(registry.log().size(), 1u);
}

TEST(Compatibility, ComparesOnlyWithinAGroup) {
  Registry registry;
  registry.ask(PutConfig{.subject = "a", .group = "major"});
  const auto put = [&](const std::string& text, const std::string& major) {
    return registry.ask(RegisterSchema{
        .subject = "a", .schema = {.text = text, .metadata = Metadata{.properties = {{"major", major}}}}});
  };
  EXPECT_TRUE(put("\"int\"", "1"));
  EXPECT_TRUE(put("\"string\"", "2"));
  EXPECT_EQ(code_of(put("\"boolean\"", "2")), Code::kIncompatible);
}

TEST(Failures, SayWhatToDo) {
  Registry registry;
  const auto why = [](const auto& answer) { return answer ? "none" : answer.error().message; };
  registry.put("user", record_of("", "U"));
  registry.put("order", record_of(field_of("u", "\"U\"")), {{"U", "user", 1}});
  EXPECT_EQ(why(registry.ask(GetVersions{.subject = "x"})), "there is no subject 'x'");
  EXPECT_EQ(why(registry.ask(GetVersion{.subject = "user", .version = {7}})), "the subject has no version 7");
  EXPECT_EQ(why(registry.ask(DeleteSubject{.subject = "user"})),
            "other schemas refer to version 1 of subject 'user': delete them first");
  EXPECT_EQ(why(registry.ask(DeleteSubject{.subject = "order", .permanent = true})),
            "subject 'order' is in use: delete it without permanent=true first");
  registry.ask(DeleteSubject{.subject = "order"});
  EXPECT_EQ(why(registry.ask(DeleteSubject{.subject = "order"})),
            "subject 'order' is deleted: with permanent=true it goes for good");
  EXPECT_EQ(why(registry.ask(DeleteVersion{.subject = "order"})), "the subject has no version left");
  EXPECT_EQ(why(registry.put("bad", "{")),
            "this is no AVRO schema: not JSON: line 1, column 2: a key in quotes is missing");
  EXPECT_EQ(why(registry.put("bad", "\"int\"", {{"Z", "z", 3}})),
            "the reference Z leads to version 3 of subject 'z', which is not there: register that first");
  EXPECT_EQ(why(registry.ask(PutMode{.subject = "user", .mode = "IMPORT"})),
            "subject 'user' is in use: delete what is there before you import, or give force=true");
  registry.ask(PutMode{.subject = "user", .mode = "READONLY"});
  EXPECT_EQ(why(registry.put("user", "\"int\"")), "subject 'user' is in mode READONLY: nothing can be registered");
  registry.ask(PutMode{.mode = "READONLY_OVERRIDE"});
  EXPECT_EQ(why(registry.ask(PutConfig{.level = "NONE"})),
            "the registry is in mode READONLY_OVERRIDE: nothing can be changed");
}

TEST(Restart, BringsBackEverything) {
  Registry registry;
  registry.put("a", "\"int\"");
  registry.put(":.c:a", "\"int\"");
  registry.put("b", record_of(""));
  registry.ask(DeleteVersion{.subject = "a", .version = {1}});
  registry.ask(PutConfig{.subject = "a", .level = "FULL"});
  registry.ask(PutMode{.subject = "b", .mode = "READONLY"});
  const auto before = registry.ask(GetSchemas{.deleted = true});
  registry.restart();
  EXPECT_EQ(registry.ask(GetSchemas{.deleted = true}), before);
  EXPECT_EQ(registry.ask(GetConfig{.subject = "a"})->level, schema::CompatibilityLevel::kFull);
  EXPECT_EQ(registry.ask(GetMode{.subject = "b"}), Mode::kReadOnly);
  EXPECT_EQ(registry.put("z", "\"float\"")->id, 3);
}

}  // namespace
}  // namespace thalweg::registry
