#include "cli/reset_offsets.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <regex>

namespace thalweg::cli {
namespace {

Task<Result<std::map<TopicPartition, Offset>>> ends(admin::Client& client, std::vector<TopicPartition> partitions,
                                                    std::int64_t place) {
  std::map<TopicPartition, std::int64_t> at;
  for (const auto& tp : partitions) at[tp] = place;
  CO_TRY(const auto found, co_await admin::list_offsets(client, std::move(at)));
  std::map<TopicPartition, Offset> offsets;
  for (const auto& [tp, offset] : found) {
    if (!offset) co_return std::unexpected(offset.error());
    offsets[tp] = offset->offset;
  }
  co_return offsets;
}

}  // namespace

Result<Timestamp> parse_date_time(const std::string& text) {
  if (!text.contains('T'))
    return invalid(
        "java.text.ParseException: Error parsing timestamp. It does not contain a 'T' according to ISO8601 format");
  static const std::regex kForm(
      R"((\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?(Z|[+-]\d\d:?\d\d)?)");
  std::smatch m;
  if (!std::regex_match(text, m, kForm))
    return invalid(fmt::format("java.text.ParseException: Unparseable date: \"{}\"", text));
  const auto number = [&](std::size_t group) { return m[group].matched ? std::stoi(m[group].str()) : 0; };
  using namespace std::chrono;
  const year_month_day day{year(number(1)), month(static_cast<unsigned>(number(2))),
                           std::chrono::day(static_cast<unsigned>(number(3)))};
  if (!day.ok() || number(4) > 23 || number(5) > 59 || number(6) > 59)
    return invalid(fmt::format("java.text.ParseException: Unparseable date: \"{}\"", text));
  std::string fraction = m[7].str();
  fraction.resize(3, '0');
  std::int64_t millis = duration_cast<milliseconds>(sys_days(day).time_since_epoch()).count();
  millis += ((number(4) * 60LL + number(5)) * 60 + number(6)) * 1000 + std::stoi(fraction);
  if (const std::string zone = m[8].str(); zone.size() > 1) {
    const int hours = std::stoi(zone.substr(1, 2)), minutes = std::stoi(zone.substr(zone.size() - 2));
    const std::int64_t east = (hours * 60LL + minutes) * 60'000;
    millis += zone[0] == '+' ? -east : east;
  }
  return millis;
}

Result<Millis> parse_duration(const std::string& text) {
  static const std::regex kForm(R"(P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?)", std::regex::icase);
  std::smatch m;
  if (text.size() < 3 || text.size() > 40 || !std::regex_match(text, m, kForm))
    return invalid("Text cannot be parsed to a Duration");
  const auto number = [&](std::size_t group) { return m[group].matched ? std::stod(m[group].str()) : 0.0; };
  const double seconds = ((number(1) * 24 + number(2)) * 60 + number(3)) * 60 + number(4);
  constexpr double kSecondsMax = 1e12;
  if (seconds > kSecondsMax) return invalid("Text cannot be parsed to a Duration");
  return Millis(std::llround(seconds * 1000));
}

Result<std::pair<std::string, std::vector<PartitionId>>> parse_topic_argument(const std::string& text) {
  const auto colon = text.find(':');
  std::pair<std::string, std::vector<PartitionId>> out{text.substr(0, colon), {}};
  if (colon == text.npos) return out;
  std::string digits;
  for (const char c : text.substr(colon + 1) + ",") {
    if (c != ',') {
      digits += c;
      continue;
    }
    const auto number = parse_integer(digits);
    if (!number || *number < 0 || *number > INT32_MAX)
      return invalid(fmt::format("Invalid partition '{}' specified in topic arg '{}''", digits, text));
    out.second.push_back(PartitionId{static_cast<std::int32_t>(*number)});
    digits.clear();
  }
  return out;
}

Task<Result<std::map<TopicPartition, Offset>>> within_ends(admin::Client& client,
                                                           std::map<TopicPartition, std::int64_t> wanted,
                                                           std::function<void(std::string)> warn) {
  std::vector<TopicPartition> partitions;
  for (const auto& [tp, offset] : wanted) partitions.push_back(tp);
  CO_TRY(const auto latest, co_await ends(client, partitions, admin::kLatest));
  CO_TRY(const auto earliest, co_await ends(client, partitions, admin::kEarliest));
  std::map<TopicPartition, Offset> out;
  for (const auto& [tp, offset] : wanted) {
    Offset value{offset};
    if (value > latest.at(tp)) {
      value = latest.at(tp);
      warn(fmt::format("New offset ({}) is higher than latest offset for topic partition {}. Value will be set to {}",
                       offset, to_string(tp), value.value));
    } else if (value < earliest.at(tp)) {
      value = earliest.at(tp);
      warn(fmt::format("New offset ({}) is lower than earliest offset for topic partition {}. Value will be set to {}",
                       offset, to_string(tp), value.value));
    }
    out[tp] = value;
  }
  co_return out;
}

Task<Result<std::map<TopicPartition, Offset>>> plan_reset(admin::Client& client, std::vector<TopicPartition> partitions,
                                                          admin::CommittedOffsets committed, ResetTo to,
                                                          std::function<void(std::string)> note,
                                                          std::function<void(std::string)> warn) {
  std::map<TopicPartition, std::int64_t> wanted;
  switch (to.kind) {
    case ResetKind::kEarliest:
      co_return co_await ends(client, std::move(partitions), admin::kEarliest);
    case ResetKind::kLatest:
      co_return co_await ends(client, std::move(partitions), admin::kLatest);
    case ResetKind::kOffset:
      for (const auto& tp : partitions) wanted[tp] = to.number;
      co_return co_await within_ends(client, std::move(wanted), std::move(warn));
    case ResetKind::kShift:
      for (const auto& tp : partitions) {
        const auto at = committed.find(tp);
        if (at == committed.end())
          co_return invalid(fmt::format(
              "Cannot shift offset for partition {} since there is no current committed offset", to_string(tp)));
        wanted[tp] = at->second.offset.value + to.number;
      }
      co_return co_await within_ends(client, std::move(wanted), std::move(warn));
    case ResetKind::kCurrent: {
      CO_TRY(auto offsets, co_await ends(client, partitions, admin::kLatest));
      for (auto& [tp, offset] : offsets)
        if (const auto at = committed.find(tp); at != committed.end()) offset = at->second.offset;
      co_return offsets;
    }
    case ResetKind::kTime: {
      CO_TRY(auto offsets, co_await ends(client, partitions, to.number));
      CO_TRY(const auto latest, co_await ends(client, partitions, admin::kLatest));
      for (auto& [tp, offset] : offsets) {
        if (offset.value >= 0) continue;
        note(fmt::format("Warn: Partition {} from topic {} is empty. Falling back to latest known offset.",
                         tp.partition.value, tp.topic));
        offset = latest.at(tp);
      }
      co_return offsets;
    }
  }
  co_return invalid("no such way to reset");
}

}  // namespace thalweg::cli
