// What is too long for a step of the machine: to read a schema, to compare two, to print one, to write one as a record
// has it. A step that needs such a
// thing and has not got it is answered with a Failure that carries a Job, and nothing has happened. Whoever asked
// carries the job out, on no shard's time, and asks the same again with what was found.
//
// Jobs are pure: values go in, Findings come out, and the same whoever carries them out. Nobody waits for a finding
// while the machine decides, so what is there may have changed when the question comes again; then another job comes
// back, and what was found already still counts.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "registry/candidate.h"
#include "schema/compatibility.h"

namespace thalweg::registry {

// What a client said, to be made a Candidate of.
using FindCandidate = Wording;

// What is stored already, to be read.
struct FindParsed {
  ContentPtr content;
  std::vector<schema::Dependency> dependencies;
};

// Whether a candidate fits what is stored.
struct FindVerdict {
  CandidatePtr candidate;
  ContentPtr earlier;
  std::vector<schema::Dependency> dependencies;  // of the earlier one
  schema::ParsedSchemaPtr parsed;                // the earlier one; null when that is to be found too
  std::int32_t version = 0;                      // of the earlier one, for the messages
  schema::CompatibilityLevel level{};
  schema::Policy policy{};
};

// A schema in another format, see ParsedSchema::formatted(); kResolved: with all it refers to written out.
struct FindText {
  schema::ParsedSchemaPtr schema;
  std::string format;
};
inline constexpr const char* kResolved = " resolved";  // no client can ask for that

// What a record says of what is stored already.
struct FindSpelling {
  ContentPtr content;
  Digest digest{};
};

// What jobs have found for one request. Immutable once it is handed on. Pointers are compared by what they point at:
// those that it knows are kept alive here.
class Findings {
 public:
  // Null when it has not been found.
  const Answer<CandidatePtr>* candidate(const Wording& wording) const;
  const Result<schema::ParsedSchemaPtr>* parsed(const ContentPtr& content) const;
  // What does not fit; empty when it fits.
  const std::vector<std::string>* verdict(const FindVerdict& question) const;
  const Result<std::string>* text(const schema::ParsedSchemaPtr& schema, const std::string& format) const;
  const Spelling* spelling(const ContentPtr& content) const;

 private:
  friend struct Job;
  using VerdictKey = std::tuple<CandidatePtr, ContentPtr, std::int32_t, schema::CompatibilityLevel, schema::Policy>;
  static VerdictKey key(const FindVerdict& question) {
    return {question.candidate, question.earlier, question.version, question.level, question.policy};
  }

  // What was read on the way to a verdict, for whoever keeps such things; as much as there is room for.
  static constexpr std::size_t kKeptMax = 4u << 20;
  void keep(const ContentPtr& content, const schema::ParsedSchemaPtr& parsed);

  std::vector<std::pair<Wording, Answer<CandidatePtr>>> candidates_;
  std::size_t kept_bytes_ = 0;
  std::map<ContentPtr, Result<schema::ParsedSchemaPtr>> parsed_;
  std::map<VerdictKey, std::vector<std::string>> verdicts_;
  std::map<std::pair<schema::ParsedSchemaPtr, std::string>, Result<std::string>> texts_;
  std::map<ContentPtr, Spelling> spellings_;
};
using FindingsPtr = std::shared_ptr<const Findings>;

struct Job {
  std::vector<std::variant<FindCandidate, FindParsed, FindVerdict, FindText, FindSpelling>> questions;
  std::size_t bytes = 0;  // of the texts that are walked, about

  void add(FindCandidate question);
  void add(FindParsed question);
  void add(FindVerdict question);
  void add(FindText question);
  void add(FindSpelling question);
  // What was found before and what is found now. Stops behind the first verdict that finds something, since nobody asks
  // for more.
  FindingsPtr carry_out(const FindingsPtr& known) const;
};

}  // namespace thalweg::registry
