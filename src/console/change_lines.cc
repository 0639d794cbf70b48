#include "console/change_lines.h"

#include <fmt/format.h>

#include <charconv>

#include "base/crc32c.h"
#include "json/parser.h"
#include "json/writer.h"

namespace thalweg::console {
namespace {

constexpr std::size_t kSumDigits = 8;

std::uint32_t sum_of(std::string_view text) { return crc32c(as_bytes(text)); }

json::Object tree_of(const Change& change) {
  auto tree = json::Object::of({{"at", change.at},
                                {"source", to_string(change.source)},
                                {"kind", to_string(change.kind)},
                                {"name", change.name},
                                {"sentence", change.sentence}});
  if (change.after) tree.add("after", *change.after);
  if (change.by) tree.add("by", *change.by);
  if (change.refused) tree.add("refused", *change.refused);
  return tree;
}

json::Object tree_of(const ChangeLine& line) {
  json::Object tree;
  if (line.head) {
    tree.add("cluster", line.head->cluster);
    tree.add("since", line.head->since);
  }
  if (line.change) tree.add("change", tree_of(*line.change));
  if (const auto& seen = line.seen) {
    auto upto = json::Object::of({{"index", seen->index}, {"at", seen->at}});
    if (seen->stopped) upto.add("stopped", true);
    tree.add("seen", std::move(upto));
  }
  return tree;
}

std::optional<std::int64_t> number_in(const json::Value& tree, std::string_view key) {
  const auto* member = tree.find(key);
  const auto* number = member ? member->if_number() : nullptr;
  return number ? number->as_int64() : std::nullopt;
}

std::optional<std::string> text_in(const json::Value& tree, std::string_view key) {
  const auto* member = tree.find(key);
  const auto* text = member ? member->if_string() : nullptr;
  return text ? std::optional(*text) : std::nullopt;
}

std::optional<Change> change_of(const json::Value& tree) {
  const auto at = number_in(tree, "at");
  const auto source = change_source_of(text_in(tree, "source").value_or(""));
  const auto kind = resource_kind_of(text_in(tree, "kind").value_or(""));
  if (!at || !source || !kind) return std::nullopt;
  return Change{.at = *at,
                .after = number_in(tree, "after"),
                .source = *source,
                .kind = *kind,
                .name = text_in(tree, "name").value_or(""),
                .sentence = text_in(tree, "sentence").value_or(""),
                .by = text_in(tree, "by"),
                .refused = text_in(tree, "refused"),
                .gone = false};
}

std::optional<SeenUpTo> seen_of(const json::Value& tree) {
  const auto index = number_in(tree, "index"), at = number_in(tree, "at");
  if (!index || !at) return std::nullopt;
  return SeenUpTo{.index = *index, .at = *at, .stopped = tree.find("stopped") != nullptr};
}

}  // namespace

std::string written(const ChangeLine& line, std::size_t size) {
  std::string text = json::write(tree_of(line));
  if (const auto around = kSumDigits + 2; text.size() + around < size) text.append(size - around - text.size(), ' ');
  return fmt::format("{:08x} {}\n", sum_of(text), text);
}

std::optional<ChangeLine> read_line(std::string_view text) {
  if (text.size() <= kSumDigits || text[kSumDigits] != ' ') return std::nullopt;
  std::uint32_t sum = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + kSumDigits, sum, 16);
  if (error != std::errc() || end != text.data() + kSumDigits) return std::nullopt;
  text.remove_prefix(kSumDigits + 1);
  if (sum_of(text) != sum) return std::nullopt;
  const auto tree = json::parse(text);
  if (!tree) return std::nullopt;
  ChangeLine line;
  if (auto cluster = text_in(*tree, "cluster"))
    line.head = {.cluster = *std::move(cluster), .since = number_in(*tree, "since").value_or(kNoTimestamp)};
  if (const auto* change = tree->find("change")) line.change = change_of(*change);
  if (const auto* seen = tree->find("seen")) line.seen = seen_of(*seen);
  return line;
}

}  // namespace thalweg::console
