#include "schema/avro/diff.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <unordered_map>

#include "schema/limits.h"

namespace thalweg::schema::avro {
namespace {

bool promotes(Kind writer, Kind reader) {
  switch (reader) {
    case Kind::kLong:
      return writer == Kind::kInt;
    case Kind::kFloat:
      return writer == Kind::kInt || writer == Kind::kLong;
    case Kind::kDouble:
      return writer == Kind::kInt || writer == Kind::kLong || writer == Kind::kFloat;
    case Kind::kBytes:
      return writer == Kind::kString;
    case Kind::kString:
      return writer == Kind::kBytes;
    default:
      return false;
  }
}

// The namespace does not count, unless an alias names it.
bool same_name(const Node& reader, const Node& writer) {
  return reader.name.name == writer.name.name ||
         std::ranges::any_of(reader.aliases, [&](const Name& alias) { return alias == writer.name; });
}

std::string upper(std::string_view text) {
  std::string all(text);
  std::ranges::transform(all, all.begin(), [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
  return all;
}

using Found = std::vector<Difference>;

class Walk {
 public:
  explicit Walk(const Sides& sides) : sides_(sides) {}

  Comparison whole(const Node& reader, const Node& writer) {
    Comparison result;
    result.differences = pair("", reader, writer);
    result.failure = failure_;
    if (failure_) result.differences.clear();
    return result;
  }

 private:
  // Where the walk is, as a JSON pointer.
  class At {
   public:
    At(std::string& path, std::string_view token) : path_(path), size_(path.size()) {
      path += '/';
      path += token;
    }
    ~At() { path_.resize(size_); }
    At(const At&) = delete;

   private:
    std::string& path_;
    const std::size_t size_;
  };

  Found stop(std::string why) {
    if (!failure_) failure_ = std::move(why);
    return {};
  }
  std::string path() const { return path_.empty() ? "/" : path_; }

  Found one(std::string_view type, std::string description, std::string info) {
    auto message = fmt::format("{{errorType:'{}', description:'{}', additionalInfo:'{}'}}", type, description, info);
    return {{std::string(type), path(), std::move(message), false}};
  }
  static void merge(Found& all, Found more) {
    for (auto& difference : more)
      if (all.size() < kDifferencesMax) all.push_back(std::move(difference));
  }

  struct PairHash {
    std::size_t operator()(const std::pair<const Node*, const Node*>& p) const {
      return std::hash<const Node*>()(p.first) * 31 + std::hash<const Node*>()(p.second);
    }
  };

  // A pair that is being looked at counts as compatible: it is, unless something else in it is not.
  Found pair(std::string_view token, const Node& reader, const Node& writer) {
    if (failure_) return {};
    const Level level(depth_);
    if (!level) return stop("the schemas are nested too deep");
    if (!work_.take()) return stop("the schemas are too complex to be compared");
    if (&reader == &writer) return {};
    std::optional<At> at;
    if (!token.empty()) at.emplace(path_, token);
    if (is_primitive(reader.kind) && is_primitive(writer.kind)) return judge(reader, writer);
    // What is known in full, or is being looked at, is a verdict too; and where nothing was found there is nothing to
    // tell.
    const auto& other = verdict_only_ ? seen_ : verdicts_;
    if (const auto at = other.find({&reader, &writer}); at != other.end() && (verdict_only_ || at->second.empty()))
      return at->second;
    auto& known = verdict_only_ ? verdicts_ : seen_;
    const auto [seen, fresh] = known.try_emplace({&reader, &writer});
    if (!fresh) {
      if (!work_.take(seen->second.size())) return stop("the schemas are too complex to be compared");
      return seen->second;
    }
    auto found = judge(reader, writer);
    known[{&reader, &writer}] = found;
    return found;
  }

  // As a branch of a union: only the verdict counts, so the first difference is enough.
  bool fits(const Node& reader, const Node& writer) {
    std::string outer = std::exchange(path_, "");
    const bool outer_only = std::exchange(verdict_only_, true);
    const bool none = pair("", reader, writer).empty();
    verdict_only_ = outer_only;
    path_ = std::move(outer);
    return none;
  }
  // Whether nothing more that is found changes anything.
  bool enough(const Found& found) const { return failure_ || (verdict_only_ && !found.empty()); }

  // The branch of this name, where most people who evolve a union expect it; null when there is none.
  const Node* namesake(const Node& reader, const Node& writer) {
    auto [names, fresh] = branches_.try_emplace(&reader);
    if (fresh)
      for (const auto* each : reader.branches)
        if (is_named(each->kind)) names->second.emplace(each->name.full(), each);
    const auto at = is_named(writer.kind) ? names->second.find(writer.name.full()) : names->second.end();
    return at == names->second.end() ? nullptr : at->second;
  }

  Found judge(const Node& reader, const Node& writer) {
    if (reader.kind == writer.kind) {
      switch (reader.kind) {
        case Kind::kArray:
          return pair("items", *reader.branches[0], *writer.branches[0]);
        case Kind::kMap:
          return pair("values", *reader.branches[0], *writer.branches[0]);
        case Kind::kFixed:
        case Kind::kEnum:
        case Kind::kRecord:
          return named(reader, writer);
        case Kind::kUnion:
          return unions(reader, writer);
        default:
          return {};
      }
    }
    if (writer.kind == Kind::kUnion) {
      Found found;
      for (std::size_t i = 0; i < writer.branches.size() && !enough(found); ++i)
        merge(found, pair(std::to_string(i), reader, *writer.branches[i]));
      return found;
    }
    if (reader.kind == Kind::kUnion) {
      const auto* first = namesake(reader, writer);
      if (first && fits(*first, writer)) return {};
      for (const auto* each : reader.branches) {
        if (failure_) return {};
        if (each != first && fits(*each, writer)) return {};
      }
      return missing_branch(writer);
    }
    if (promotes(writer.kind, reader.kind)) return {};
    return one("TYPE_MISMATCH",
               fmt::format("the type at '{}' of the {} schema cannot take what the {} schema has there", path(),
                           sides_.reader, sides_.writer),
               fmt::format("{} cannot be read as {}", upper(name(writer.kind)), upper(name(reader.kind))));
  }

  Found missing_branch(const Node& writer) {
    return one("MISSING_UNION_BRANCH",
               fmt::format("no type in the union of the {} schema takes what the {} schema has at '{}': add one",
                           sides_.reader, sides_.writer, path()),
               fmt::format("no branch reads {}", upper(name(writer.kind))));
  }

  Found unions(const Node& reader, const Node& writer) {
    Found found;
    for (std::size_t i = 0; i < writer.branches.size() && !enough(found); ++i) {
      const At at(path_, std::to_string(i));
      if (!fits(reader, *writer.branches[i])) merge(found, missing_branch(*writer.branches[i]));
    }
    return found;
  }

  Found named(const Node& reader, const Node& writer) {
    Found found;
    if (!same_name(reader, writer)) {
      const At at(path_, "name");
      found = one("NAME_MISMATCH",
                  fmt::format("at '{}' the two schemas have different names: keep the name, or make that of the {} "
                              "schema an alias in the {} schema",
                              path(), sides_.writer, sides_.reader),
                  fmt::format("the {} schema says {}", sides_.writer, writer.name.full()));
    }
    if (enough(found)) return found;
    if (reader.kind == Kind::kFixed) merge(found, sizes(reader, writer));
    if (reader.kind == Kind::kEnum) merge(found, symbols(reader, writer));
    if (reader.kind == Kind::kRecord) merge(found, fields(reader, writer));
    return found;
  }

  Found sizes(const Node& reader, const Node& writer) {
    if (reader.size == writer.size) return {};
    const At at(path_, "size");
    return one("FIXED_SIZE_MISMATCH",
               fmt::format("at '{}' the {} schema has another number of bytes than the {} schema: a fixed type keeps "
                           "its size",
                           path(), sides_.reader, sides_.writer),
               fmt::format("{} bytes cannot be read as {}", writer.size, reader.size));
  }

  Found symbols(const Node& reader, const Node& writer) {
    if (reader.default_symbol) return {};  // takes the place of what is not known
    if (!work_.take(reader.symbols.size() + writer.symbols.size()))
      return stop("the schemas are too complex to be compared");
    std::set<std::string_view> missing(writer.symbols.begin(), writer.symbols.end());
    for (const auto& symbol : reader.symbols) missing.erase(symbol);
    if (missing.empty()) return {};
    const At at(path_, "symbols");
    const auto list = fmt::format("[{}]", fmt::join(missing, ", "));
    return one("MISSING_ENUM_SYMBOLS",
               fmt::format("the {} schema does not know these symbols, which the {} schema has at '{}': add them, or "
                           "give the enum a default",
                           sides_.reader, sides_.writer, path()),
               list);
  }

  Found fields(const Node& reader, const Node& writer) {
    const At at(path_, "fields");
    Found found;
    for (std::size_t i = 0; i < reader.fields.size() && !enough(found); ++i) {
      const Field& field = reader.fields[i];
      const At index(path_, std::to_string(i));
      const auto* written = written_as(field, writer);
      if (written)
        merge(found, pair("type", *field.type, *written->type));
      else if (!field.default_value && !failure_)
        merge(found, without_default(field, writer));
    }
    return found;
  }

  Found without_default(const Field& field, const Node& writer) {
    // Java's rule: the default of the enum stands in, but then the enum is held against the record.
    if (field.type->kind == Kind::kEnum && field.type->default_symbol) return pair("type", *field.type, writer);
    return one("READER_FIELD_MISSING_DEFAULT_VALUE",
               fmt::format("data of the {} schema lacks the field '{}', and the {} schema cannot do without it: give "
                           "the field at '{}' a default, or keep it in both",
                           sides_.writer, field.name, sides_.reader, path()),
               field.name);
  }

  const Field* written_as(const Field& field, const Node& writer) {
    std::set<const Field*> hits;
    int count = 0;
    const auto look = [&](std::string_view name) {
      const auto at = writer.field_index.find(name);
      if (at == writer.field_index.end()) return;
      hits.insert(&writer.fields[at->second]);
      ++count;
    };
    look(field.name);
    for (const auto& alias : field.aliases) look(alias);
    work_.take(field.aliases.size());
    if (count > 1)
      stop(fmt::format("by its name and aliases the field {} is more than one field of {}: remove an alias", field.name,
                       writer.name.full()));
    return count == 1 ? *hits.begin() : nullptr;
  }

  const Sides& sides_;
  std::string path_;
  std::size_t depth_ = 0;
  Work work_;
  std::optional<std::string> failure_;
  bool verdict_only_ = false;
  using Known = std::unordered_map<std::pair<const Node*, const Node*>, Found, PairHash>;
  Known seen_, verdicts_;
  std::unordered_map<const Node*, std::unordered_map<std::string, const Node*>> branches_;
};

}  // namespace

Comparison compare(const Graph& reader, const Graph& writer, const Sides& sides) {
  return Walk(sides).whole(*reader.root, *writer.root);
}

}  // namespace thalweg::schema::avro
