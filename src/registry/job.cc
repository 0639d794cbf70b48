#include "registry/job.h"

#include <fmt/format.h>

#include <algorithm>

#include "registry/registry_codec.h"

namespace thalweg::registry {
namespace {

std::size_t bytes_of(const std::vector<schema::Dependency>& dependencies) {
  std::size_t bytes = 0;
  for (const auto& each : dependencies) bytes += each.text.size();
  return bytes;
}

Result<schema::ParsedSchemaPtr> parse(const Content& content, const std::vector<schema::Dependency>& dependencies) {
  return schema::parse(content.type, content.text.str(), dependencies, schema::Validation::kStored);
}

template <class Map>
auto find(const Map& map, const typename Map::key_type& key) -> const typename Map::mapped_type* {
  const auto at = map.find(key);
  return at == map.end() ? nullptr : &at->second;
}

}  // namespace

const Answer<CandidatePtr>* Findings::candidate(const Wording& wording) const {
  const auto at = std::ranges::find(candidates_, wording, &decltype(candidates_)::value_type::first);
  return at == candidates_.end() ? nullptr : &at->second;
}

const Result<schema::ParsedSchemaPtr>* Findings::parsed(const ContentPtr& content) const {
  return find(parsed_, content);
}

const std::vector<std::string>* Findings::verdict(const FindVerdict& question) const {
  return find(verdicts_, key(question));
}

const Result<std::string>* Findings::text(const schema::ParsedSchemaPtr& schema, const std::string& format) const {
  return find(texts_, {schema, format});
}

const Spelling* Findings::spelling(const ContentPtr& content) const { return find(spellings_, content); }

void Findings::keep(const ContentPtr& content, const schema::ParsedSchemaPtr& parsed) {
  kept_bytes_ += parsed->memory_bytes();
  if (kept_bytes_ <= kKeptMax) parsed_.insert_or_assign(content, parsed);
}

void Job::add(FindCandidate question) {
  bytes += question.content.text.size() + bytes_of(question.dependencies);
  questions.emplace_back(std::move(question));
}

void Job::add(FindParsed question) {
  bytes += question.content->text.size() + bytes_of(question.dependencies);
  questions.emplace_back(std::move(question));
}

void Job::add(FindVerdict question) {
  bytes += question.candidate->content->text.size() + question.earlier->text.size() + bytes_of(question.dependencies);
  questions.emplace_back(std::move(question));
}

void Job::add(FindText question) {
  bytes += question.schema->text().size();
  questions.emplace_back(std::move(question));
}

void Job::add(FindSpelling question) {
  bytes += question.content->text.size();
  questions.emplace_back(std::move(question));
}

FindingsPtr Job::carry_out(const FindingsPtr& known) const {
  auto found = known ? std::make_shared<Findings>(*known) : std::make_shared<Findings>();
  // Whether to go on.
  struct Find {
    Findings& found;
    bool operator()(const FindCandidate& question) const {
      found.candidates_.emplace_back(question, make_candidate(question));
      return true;
    }
    bool operator()(const FindParsed& question) const {
      found.parsed_.insert_or_assign(question.content, parse(*question.content, question.dependencies));
      return true;
    }
    bool operator()(const FindVerdict& question) const {
      auto earlier = question.parsed ? Result<schema::ParsedSchemaPtr>(question.parsed)
                                     : parse(*question.earlier, question.dependencies);
      auto messages =
          earlier
              ? schema::incompatibilities(*question.candidate->parsed, schema::Earlier{*earlier, question.version},
                                          question.level, question.policy)
              : std::vector{fmt::format("version {} cannot be read: {}", question.version, earlier.error().message)};
      const bool fits = messages.empty();
      if (earlier && !question.parsed) found.keep(question.earlier, *earlier);
      found.verdicts_.insert_or_assign(Findings::key(question), std::move(messages));
      return fits;
    }
    bool operator()(const FindText& question) const {
      const auto& [schema, format] = question;
      found.texts_.insert_or_assign({schema, format},
                                    format == kResolved ? schema->resolved() : schema->formatted(format));
      return true;
    }
    bool operator()(const FindSpelling& question) const {
      found.spellings_.insert_or_assign(question.content, spelled(*question.content, question.digest));
      return true;
    }
  };
  for (const auto& question : questions)
    if (!std::visit(Find{*found}, question)) break;
  return found;
}

}  // namespace thalweg::registry
