// Asks the schema registry of the cluster as its clients do, from whichever node: the way over HTTP without HTTP
// (broker/registry_door.h), so the pages, serializers and `thalweg schema` cannot disagree. Where this node has no
// registry, whoever leads `_schemas` is asked directly.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "console/call.h"
#include "console/problem.h"
#include "json/value.h"

namespace thalweg::console {

struct RegistryQuestion {
  std::string method = "GET";
  std::string target;  // "/subjects/orders-value/versions?deleted=true"
  std::optional<json::Object> body = {};
};
struct RegistryAnswer {
  int status = 0;  // of HTTP
  json::Value body;

  bool ok() const { return status == 200; }
  // Of a refusal: Confluent's number, and what is wrong in words.
  std::int32_t code() const;
  std::string message() const;
};

// Before the first schema there is no topic, and to ask would make it: who only looks does not.
bool has_registry_topic(const Call& call);

// An error: nobody answered, or it is not known what became of it.
Task<Result<RegistryAnswer>> ask_registry(const Call& call, RegistryQuestion question);
// The same, and what the registry refuses as a problem that says why, under its number.
Task<Outcome<json::Value>> told_by_registry(const Call& call, RegistryQuestion question);
Problem problem_of(const RegistryAnswer& refused);

// "/subjects/orders%2Fvalue" with what comes behind it.
std::string subject_path(std::string_view subject, std::string_view behind = {});

// Members of an answer; what is missing or of another kind is empty, or zero.
std::string text_in(const json::Value& object, std::string_view member, std::string otherwise = {});
std::int32_t number_in(const json::Value& object, std::string_view member);

}  // namespace thalweg::console
