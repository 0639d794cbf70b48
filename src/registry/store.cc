#include "registry/store.h"

#include <algorithm>
#include <cstring>
#include <ranges>

#include "base/log.h"

namespace thalweg::registry {

std::size_t DigestHash::operator()(const Digest& digest) const {
  std::size_t hash = 0;
  std::memcpy(&hash, digest.data(), sizeof hash);
  return hash;
}

std::string qualified(std::string_view referred, const Subject& from) {
  if (referred.starts_with(":.")) return Subject::parse(referred).text();
  return Subject{from.context, std::string(referred)}.text();
}

const Versions* Store::find(std::string_view subject) const {
  const auto at = subjects_.find(subject);
  return at == subjects_.end() ? nullptr : &at->second;
}

const Versions::value_type* Store::latest(const Versions& versions, bool deleted) {
  for (const auto& version : std::views::reverse(versions))
    if (deleted || !version.second.deleted) return &version;
  return nullptr;
}

const Ids* Store::ids(std::string_view context) const {
  const auto at = ids_.find(context);
  return at == ids_.end() ? nullptr : &at->second;
}

std::set<std::string> Store::context_names() const {
  std::set<std::string> names = context_records_;
  names.emplace(kDefaultContext);
  for (const auto& [context, ids] : ids_)
    if (!ids.by_id.empty()) names.insert(context);
  return names;
}

std::set<SubjectVersion> Store::referrers(const SubjectVersion& of) const {
  const auto at = referrers_.find(of);
  return at == referrers_.end() ? std::set<SubjectVersion>() : at->second;
}

bool Store::is_live(const SubjectVersion& version) const {
  const auto* versions = find(version.subject);
  const auto at = versions ? versions->find(version.version) : Versions::const_iterator();
  return versions && at != versions->end() && !at->second.deleted;
}

const Config* Store::config(const std::optional<std::string>& subject) const {
  const auto at = configs_.find(subject);
  return at == configs_.end() ? nullptr : &at->second;
}

const Mode* Store::mode(const std::optional<std::string>& subject) const {
  const auto at = modes_.find(subject);
  return at == modes_.end() ? nullptr : &at->second;
}

std::optional<NoopRecord> Store::ids_to_keep(const std::set<SubjectVersion>& going) const {
  NoopRecord keep;
  bool lost = false;
  for (const auto& [context, ids] : ids_) {
    // The highest that somebody will still hold.
    const auto held = std::ranges::find_if(std::views::reverse(ids.by_id), [&](const auto& entry) {
      return std::ranges::any_of(entry.second.holders, [&](const auto& holder) { return !going.contains(holder); });
    });
    const std::int32_t shown = held == ids.by_id.rend() ? 0 : held->first;
    if (shown == ids.highest) continue;
    keep.highest_ids[context] = ids.highest;
    lost |= !ids.by_id.empty() && ids.by_id.rbegin()->first > shown;
  }
  return lost ? std::optional(std::move(keep)) : std::nullopt;
}

// ------------------------------------------------------------------------------------------------ records

void Store::apply(const Record& record) {
  std::visit([this](const auto& one) { apply_one(one); }, record);
}

void Store::remove(const std::string& subject, std::int32_t version) {
  const auto at = subjects_.find(subject);
  if (at == subjects_.end()) return;
  const auto stored = at->second.find(version);
  if (stored == at->second.end()) return;
  const Subject parsed = Subject::parse(subject);
  const SubjectVersion self{subject, version};
  for (const auto& reference : stored->second.content->references) {
    const auto referred = referrers_.find({qualified(reference.subject, parsed), reference.version});
    if (referred == referrers_.end()) continue;
    referred->second.erase(self);
    if (referred->second.empty()) referrers_.erase(referred);
  }
  Ids& ids = ids_[parsed.context];
  const auto entry = ids.by_id.find(stored->second.id);
  entry->second.holders.erase(self);
  if (entry->second.holders.empty()) {
    const auto digest = ids.by_digest.find(entry->second.digest);
    if (digest != ids.by_digest.end() && digest->second == entry->first) ids.by_digest.erase(digest);
    ids.by_id.erase(entry);
  }
  at->second.erase(stored);
  if (at->second.empty()) subjects_.erase(at);
}

void Store::apply_one(const SchemaRecord& record) {
  if (!record.value) return remove(record.subject, record.version);
  const auto& value = *record.value;
  const Subject parsed = Subject::parse(record.subject);
  const SubjectVersion self{record.subject, record.version};
  Ids& ids = ids_[parsed.context];
  ids.highest = std::max(ids.highest, value.id);

  const auto known = ids.by_id.find(value.id);
  const bool same =
      known != ids.by_id.end() && (known->second.content == value.content || *known->second.content == *value.content);
  if (known != ids.by_id.end() && !same) {
    const bool alone = known->second.holders.size() == 1 && known->second.holders.contains(self);
    if (!alone) {
      log::warn("schema dropped: its id means another one already", field("subject", record.subject),
                field("version", record.version), field("id", value.id));
      return;
    }
  }
  // Held meanwhile, so that an entry that stays does not go and come again.
  const ContentPtr content = same ? known->second.content : value.content;
  const Digest its_digest = same ? known->second.digest : value.digest ? *value.digest : digest(*content);
  remove(record.subject, record.version);
  auto& entry = ids.by_id[value.id];
  entry.content = content;
  entry.digest = its_digest;
  entry.holders.insert(self);
  ids.by_digest.emplace(its_digest, value.id);
  for (const auto& reference : content->references)
    referrers_[{qualified(reference.subject, parsed), reference.version}].insert(self);
  subjects_[record.subject][record.version] = {content, value.id, value.deleted, record.magic, value.written};
}

void Store::apply_one(const ConfigRecord& record) {
  if (record.value)
    configs_[record.subject] = *record.value;
  else
    configs_.erase(record.subject);
}

void Store::apply_one(const ModeRecord& record) {
  if (record.value)
    modes_[record.subject] = *record.value;
  else
    modes_.erase(record.subject);
}

void Store::apply_one(const DeleteSubjectRecord& record) {
  const auto at = subjects_.find(record.subject);
  if (at == subjects_.end() || !record.version) return;
  for (auto& [version, stored] : at->second)
    if (version <= *record.version) stored.deleted = true;
}

void Store::clear_deleted(const std::string& subject) {
  const auto* versions = find(subject);
  if (!versions) return;
  std::vector<std::int32_t> going;
  for (const auto& [version, stored] : *versions)
    if (stored.deleted) going.push_back(version);
  for (const auto version : going) remove(subject, version);
}

void Store::apply_one(const ClearSubjectRecord& record) {
  if (record.tombstone) return;
  const Subject parsed = Subject::parse(record.subject);
  if (!parsed.name.empty()) return clear_deleted(record.subject);
  std::vector<std::string> all;
  for (const auto& [subject, versions] : subjects_)
    if (Subject::parse(subject).context == parsed.context) all.push_back(subject);
  for (const auto& subject : all) clear_deleted(subject);
}

void Store::apply_one(const ContextRecord& record) {
  if (record.exists)
    context_records_.insert(record.context);
  else
    context_records_.erase(record.context);
}

void Store::apply_one(const NoopRecord& record) {
  for (const auto& [context, id] : record.highest_ids) {
    auto& highest = ids_[context].highest;
    highest = std::max(highest, id);
  }
}

}  // namespace thalweg::registry
