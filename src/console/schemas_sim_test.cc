// Schemas over HTTP of a broker with its registry in a simulation: what is shown, what is planned, and that what was
// planned is what happens. Answers are held against their description.
#include "console/testing.h"

namespace thalweg::console {
namespace {

const std::string kSubject = "/schemas/{subject}", kVersions = "/schemas/{subject}/versions",
                  kVersion = "/schemas/{subject}/versions/{version}", kLevel = "/schemas/{subject}/level";

std::string record_of(const std::string& fields) {
  return R"({"type":"record","name":"Order","fields":[)" + fields + "]}";
}
const std::string kId = R"({"name":"id","type":"long"})";
const std::string kCurrency = R"({"name":"currency","type":"string"})";
const std::string kWithDefault = R"({"name":"channel","type":"string","default":"web"})";

std::string asking_for(const std::string& text, const std::string& more = "") {
  return "{\"text\":" + json::quoted(text) + more + "}";
}

struct SchemasTest : ChangesTest {
  SchemasTest() { with_registry = true; }

  json::Value checked_text(const std::string& subject, const std::string& body, int status = 200) {
    return checked("POST", "/schemas/{subject}/check", status,
                   change("POST", "/schemas/" + subject + "/check", body, kJson));
  }
  std::size_t versions_of(const std::string& subject) {
    return at(get("/schemas/" + subject, kSubject), "versions").if_array()->size();
  }
};

TEST_F(SchemasTest, WhoOnlyLooksMakesNoTopic) {
  start();
  EXPECT_EQ(number_at(get("/schemas", "/schemas"), "total"), 0);
  get("/schemas/orders-value", kSubject, 404);
  get("/schemas/orders-value/versions/latest", kVersion, 404);
  const auto check = checked_text("orders-value", asking_for(record_of(kId)));
  EXPECT_EQ(at(check, "fits"), json::Value(true));
  EXPECT_EQ(text_at(check, "level/level"), "BACKWARD");
  EXPECT_TRUE(text_at(checked_text("orders-value", asking_for("{")), "invalid") != "(no text)");
  planned("POST", "/schemas/orders-value/versions", kVersions, asking_for(record_of(kId)));
  get("/topics/_schemas", "/topics/{topic}", 404);
}

TEST_F(SchemasTest, TheFirstVersionIsPlannedRegisteredAndShownWithItsTopic) {
  start();
  create("orders", 1);
  const auto body = asking_for(record_of(kId + "," + kCurrency));
  EXPECT_EQ(text_at(carried_out("POST", "/schemas/orders-value/versions", kVersions, body), "title"),
            "Register version 1 of orders-value");
  const auto list = get("/schemas", "/schemas");
  EXPECT_EQ(number_at(list, "total"), 1);
  EXPECT_EQ(text_at(list, "items/0/name"), "orders-value");
  EXPECT_EQ(text_at(list, "items/0/language"), "avro");
  EXPECT_EQ(number_at(list, "items/0/version"), 1);
  EXPECT_EQ(number_at(list, "items/0/versions"), 1);
  EXPECT_EQ(text_at(list, "items/0/topics/0/topic"), "orders");
  EXPECT_EQ(text_at(list, "items/0/topics/0/part"), "value");
  EXPECT_EQ(text_at(list, "items/0/level/layer"), "all");
  const auto subject = get("/schemas/orders-value", kSubject);
  EXPECT_EQ(text_at(subject, "mode"), "READWRITE");
  EXPECT_GT(number_at(subject, "versions/0/written_at"), 0);
  const auto version = get("/schemas/orders-value/versions/latest", kVersion);
  EXPECT_EQ(text_at(version, "text"), record_of(kId + "," + kCurrency));
  EXPECT_TRUE(text_at(version, "laid_out").contains("\n    {\"name\": \"id\", \"type\": \"long\"},\n"));
  get("/schemas/orders-value/versions/7", kVersion, 404);
  get("/schemas/orders-value/versions/newest", kVersion, 422);
}

TEST_F(SchemasTest, WhatDoesNotFitIsSaidInTheRegistrysWordsAndIsNotRegistered) {
  start();
  register_schema("orders-value", record_of(kId));
  const auto body = asking_for(record_of(kId + "," + kCurrency + "," + kWithDefault));
  const auto check = checked_text("orders-value", body);
  EXPECT_EQ(at(check, "fits"), json::Value(false));
  EXPECT_EQ(number_at(check, "against"), 1);
  EXPECT_EQ(at(check, "findings").if_array()->size(), 1u);
  EXPECT_EQ(text_at(check, "findings/0/code"), "READER_FIELD_MISSING_DEFAULT_VALUE");
  EXPECT_EQ(text_at(check, "findings/0/path"), "/fields/1");
  EXPECT_EQ(text_at(check, "findings/0/more"), "currency");
  const auto plan = planned("POST", "/schemas/orders-value/versions", kVersions, body);
  EXPECT_TRUE(text_at(plan, "blocked_by/0").starts_with("READER_FIELD_MISSING_DEFAULT_VALUE: "));
  acted("POST", "/schemas/orders-value/versions", kVersions, text_at(plan, "plan"), body, 409);
  EXPECT_EQ(versions_of("orders-value"), 1u);
  EXPECT_EQ(at(checked_text("orders-value", asking_for(record_of(kId + "," + kWithDefault))), "fits"),
            json::Value(true));
}

TEST_F(SchemasTest, WhatIsNoSchemaIsToldApartFromWhatDoesNotFit) {
  start();
  register_schema("orders-value", record_of(kId));
  for (const std::string text :
       {"{", R"({"type":"recrod"})", R"({"type":"record","name":"A","fields":[{"name":"a"}]})"}) {
    const auto check = checked_text("orders-value", asking_for(text));
    EXPECT_NE(text_at(check, "invalid"), "(no text)") << text;
    EXPECT_EQ(at(check, "findings").if_array()->size(), 0u) << text;
    const auto refused = planned("POST", "/schemas/orders-value/versions", kVersions, asking_for(text), 422);
    EXPECT_EQ(text_at(refused, "fields/0/path"), "/text");
  }
  checked_text("orders-value", R"({"text":""})", 400);
  checked_text("orders-value", R"({"language":"avro"})", 400);
  checked_text("orders-value", asking_for("{}", R"(,"language":"cobol")"), 400);
}

TEST_F(SchemasTest, WhatIsThereAlreadySaysSoAndGetsNoVersionOfItsOwn) {
  start();
  register_schema("orders-value", record_of(kId));
  EXPECT_EQ(number_at(checked_text("orders-value", asking_for(record_of(kId))), "same_as"), 1);
  const auto plan = carried_out("POST", "/schemas/orders-value/versions", kVersions, asking_for(record_of(kId)));
  EXPECT_TRUE(text_at(plan, "warnings/0").starts_with("nothing would be different"));
  EXPECT_EQ(versions_of("orders-value"), 1u);
}

TEST_F(SchemasTest, APlanForAVersionThatSomebodyElseRegisteredIsOutdated) {
  start();
  register_schema("orders-value", record_of(kId));
  const auto body = asking_for(record_of(kId + "," + kWithDefault));
  const auto plan = text_at(planned("POST", "/schemas/orders-value/versions", kVersions, body), "plan");
  register_schema("orders-value", record_of(kWithDefault + "," + kId));
  acted("POST", "/schemas/orders-value/versions", kVersions, plan, body, 409);
  EXPECT_EQ(versions_of("orders-value"), 2u);
}

TEST_F(SchemasTest, TheLevelIsSetAndTakenBackAndWhoSaysItIsSaid) {
  start();
  register_schema("orders-value", record_of(kId));
  const auto plan = carried_out("PATCH", "/schemas/orders-value/level", kLevel, R"({"level":"full_transitive"})");
  EXPECT_EQ(text_at(plan, "title"), "Have new versions of orders-value fit by FULL_TRANSITIVE, which it says itself");
  EXPECT_EQ(text_at(plan, "warnings/0"), "now it is BACKWARD, as for all subjects");
  EXPECT_EQ(text_at(plan, "command"), "thalweg schema level orders-value --set FULL_TRANSITIVE");
  EXPECT_EQ(text_at(get("/schemas/orders-value", kSubject), "level/layer"), "subject");
  EXPECT_EQ(text_at(get("/schemas", "/schemas"), "items/0/level/level"), "FULL_TRANSITIVE");
  carried_out("PATCH", "/schemas/orders-value/level", kLevel, "{}");
  EXPECT_EQ(text_at(get("/schemas/orders-value", kSubject), "level/layer"), "all");
  EXPECT_EQ(
      text_at(planned("PATCH", "/schemas/orders-value/level", kLevel, R"({"level":"SOME"})", 400), "fields/0/path"),
      "/level");
}

TEST_F(SchemasTest, ASubjectGoesSoftlyFirstAndThenForGood) {
  start();
  create("orders", 1);
  register_schema("orders-value", record_of(kId));
  register_schema("orders-value", record_of(kId + "," + kWithDefault));
  const auto one = carried_out("DELETE", "/schemas/orders-value/versions/1", kVersion);
  EXPECT_EQ(text_at(one, "title"), "Delete version 1 of orders-value");
  const auto subject = get("/schemas/orders-value", kSubject);
  EXPECT_EQ(number_at(subject, "versions/1/version"), 1);
  EXPECT_EQ(at(subject, "versions/1/deleted"), json::Value(true));
  const auto soft = planned("DELETE", "/schemas/orders-value", kSubject);
  EXPECT_EQ(text_at(soft, "confirm"), "(no text)");
  EXPECT_EQ(text_at(soft, "warnings/1"), "values of the topic orders have its name");
  acted("DELETE", "/schemas/orders-value", kSubject, text_at(soft, "plan"));
  EXPECT_EQ(number_at(get("/schemas", "/schemas"), "total"), 0);
  EXPECT_EQ(number_at(get("/schemas", "/schemas"), "deleted"), 1);
  EXPECT_EQ(text_at(get("/schemas?show=deleted", "/schemas"), "items/0/name"), "orders-value");
  EXPECT_EQ(at(get("/schemas/orders-value", kSubject), "deleted"), json::Value(true));
  acted("DELETE", "/schemas/orders-value", kSubject, text_at(soft, "plan"), "", 409);  // it means another thing now
  const auto hard = planned("DELETE", "/schemas/orders-value", kSubject);
  EXPECT_EQ(text_at(hard, "confirm"), "orders-value");
  acted("DELETE", "/schemas/orders-value", kSubject, text_at(hard, "plan"));
  get("/schemas/orders-value", kSubject, 404);
  planned("DELETE", "/schemas/orders-value", kSubject, "", 404);
}

TEST_F(SchemasTest, WhatOthersNeedStays) {
  start();
  register_schema("users-value", R"({"type":"record","name":"User","fields":[]})");
  register_schema("orders-value", record_of(R"({"name":"user","type":"User"})"),
                  R"(,"references":[{"name":"User","subject":"users-value","version":1}])");
  const auto users = get("/schemas/users-value", kSubject);
  EXPECT_EQ(text_at(users, "needed_by/0/subject"), "orders-value");
  EXPECT_EQ(number_at(users, "needed_by/0/version"), 1);
  const auto orders = get("/schemas/orders-value", kSubject);
  EXPECT_EQ(text_at(orders, "references/0/subject"), "users-value");
  EXPECT_EQ(number_at(get("/schemas?q=orders", "/schemas"), "items/0/references"), 1);
  const auto plan = planned("DELETE", "/schemas/users-value", kSubject);
  EXPECT_EQ(text_at(plan, "blocked_by/0"), "Version 1 is needed by version 1 of orders-value: delete that first");
  acted("DELETE", "/schemas/users-value", kSubject, text_at(plan, "plan"), "", 409);
  EXPECT_EQ(versions_of("users-value"), 1u);
}

TEST_F(SchemasTest, SubjectsAreFilteredAndPagedAndMayHaveAnyName) {
  start();
  for (const std::string name : {"b-value", "a-value", "c%2Fd%20%C3%A9-value", ":.other:a-key"})
    register_schema(name, "\"string\"");
  const auto list = get("/schemas?limit=2", "/schemas");
  EXPECT_EQ(number_at(list, "total"), 4);
  EXPECT_EQ(text_at(list, "items/0/name"), ":.other:a-key");
  EXPECT_EQ(text_at(list, "items/1/name"), "a-value");
  EXPECT_EQ(text_at(get("/schemas?sort=-name&limit=1", "/schemas"), "items/0/name"), "c/d é-value");
  EXPECT_EQ(number_at(get("/schemas?q=B-V", "/schemas"), "total"), 1);
  EXPECT_EQ(number_at(get("/schemas?q=/^[ab]-/", "/schemas"), "total"), 2);
  EXPECT_EQ(text_at(get("/schemas/c%2Fd%20%C3%A9-value", kSubject), "name"), "c/d é-value");
  EXPECT_EQ(text_at(get("/schemas/:.other:a-key/versions/1", kVersion), "text"), "\"string\"");
  get("/schemas?sort=size", "/schemas", 400);
  get("/schemas?limit=501", "/schemas", 400);
}

TEST_F(SchemasTest, WithoutARegistryThereIsNothingAndItSaysHowToHaveOne) {
  with_registry = false;
  start();
  EXPECT_EQ(number_at(get("/schemas", "/schemas"), "total"), 0);
  create("_schemas", 1);
  const auto refused = get("/schemas", "/schemas", 503);
  EXPECT_TRUE(text_at(refused, "title").contains("schema.registry.listeners")) << text_at(refused, "title");
}

}  // namespace
}  // namespace thalweg::console
