#include "storage/leader_epoch_file.h"

#include "base/number.h"
#include "storage/checkpoint_file.h"

namespace thalweg::storage {

Result<record::LeaderEpochCache> parse_leader_epochs(std::string_view text) {
  TRY(const auto lines, parse_checkpoint(text));
  record::LeaderEpochCache epochs;
  for (const auto line : lines) {
    const auto space = line.find(' ');
    const auto epoch = parse_number<std::int32_t>(line.substr(0, space));
    const auto start = space == line.npos ? std::nullopt : parse_number<std::int64_t>(line.substr(space + 1));
    if (!epoch || !start || *epoch < 0 || *start < 0)
      return fail(ErrorCode::kKafkaStorageError, "leader epoch checkpoint has the line '" + std::string(line) + "'");
    epochs.assign({*epoch}, {*start});
  }
  return epochs;
}

std::string print_leader_epochs(const record::LeaderEpochCache& epochs) {
  std::vector<std::string> lines;
  for (const auto& entry : epochs.entries())
    lines.push_back(to_string(entry.epoch) + " " + to_string(entry.start_offset));
  return print_checkpoint(lines);
}

LeaderEpochFile::LeaderEpochFile(Disk& disk, const std::string& directory, record::LeaderEpochCache epochs, bool stale)
    : disk_(disk),
      path_(directory + "/" + std::string(kLeaderEpochFile)),
      epochs_(std::move(epochs)),
      stale_(stale),
      changes_(stale ? 1 : 0) {}

LeaderEpoch LeaderEpochFile::latest() const {
  const auto latest = epochs_.latest();
  return latest ? latest->epoch : kNoLeaderEpoch;
}

void LeaderEpochFile::on_batch(LeaderEpoch epoch, Offset at) {
  auto latest = epochs_.latest();
  if (latest && epoch < latest->epoch && latest->start_offset >= at) {
    truncate_from_end(at);  // announced here, and then another leader's records came
    latest = epochs_.latest();
  }
  if (epoch.value >= 0 && (!latest || epoch > latest->epoch))
    changed(epochs_.assign(epoch, at));
  else if (latest && latest->start_offset == at)
    changed(true);  // the first batch of an epoch that was announced
}

void LeaderEpochFile::announce(LeaderEpoch epoch, Offset end) {
  if (epoch.value >= 0 && epoch > latest() && epochs_.assign(epoch, end)) ++changes_;
}

bool LeaderEpochFile::clear() {
  const bool any = !epochs_.empty();
  epochs_.clear();
  return changed(any);
}

Task<Result<>> LeaderEpochFile::settle() {
  if (changes_ == written_) co_return Result<>{};
  const Turn::Held turn = co_await turn_.take();
  const std::uint64_t changes = changes_;
  if (changes == written_) co_return Result<>{};
  CO_TRY_VOID(co_await disk_.replace_file(path_, SharedBytes::copy_of(std::string_view(print_leader_epochs(epochs_)))));
  written_ = changes;
  if (changes_ == changes) stale_ = false;
  co_return Result<>{};
}

}  // namespace thalweg::storage
