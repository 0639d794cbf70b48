// kafka-consumer-groups: lists, describes and deletes groups, and resets or deletes their offsets.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "admin/topics.h"
#include "cli/columns.h"
#include "cli/reset_offsets.h"
#include "cli/tool.h"

namespace thalweg::cli {
namespace {

using admin::GroupDescription;

OptionParser parser() {
  OptionParser p;
  p.value("bootstrap-server", "String: server to connect to",
          "REQUIRED: brokers to connect to first, host:port, separated by commas.");
  p.value("command-config", "String: command config property file", "Properties file with client settings.");
  p.flag("list", "List all groups.").flag("describe", "Show offsets, members or the state of groups.");
  p.flag("delete", "Delete groups that have no members.");
  p.flag("reset-offsets",
         "Set the offsets of a group without members to another place. Shows the plan unless --execute is given.");
  p.flag("delete-offsets", "Delete offsets of a group for topics that it does not read.");
  p.values("group", "String: consumer group", "A group; may be repeated.").flag("all-groups", "All groups.");
  p.values("topic", "String: topic", "A topic, or topic:0,1 for some partitions; may be repeated.")
      .flag("all-topics", "All topics of the group.");
  p.flag("members", "Describe the members.").flag("offsets", "Describe the offsets; the default.");
  p.optional_value("state", "String",
                   "Describe the state; with --list also shows states, or only groups in the given ones.");
  p.optional_value("type", "String", "With --list: show types, or only groups of the given ones.");
  p.flag("verbose", "Describe in more detail.");
  p.integer("timeout", "Long: timeout (ms)", "How long to wait for an answer. (default: 5000)");
  p.flag("dry-run", "Only show what a reset would do.")
      .flag("execute", "Do the reset.")
      .flag("export", "Show the plan as CSV.");
  p.flag("to-earliest", "Reset to the earliest offset.").flag("to-latest", "Reset to the latest offset.");
  p.flag("to-current", "Reset to the current offset.").integer("to-offset", "Long: offset", "Reset to an offset.");
  p.integer("shift-by", "Long: number-of-offsets", "Move offsets by a number, also a negative one.");
  p.value("to-datetime", "String: datetime", "Reset to a time, YYYY-MM-DDThh:mm:ss.sss.");
  p.value("by-duration", "String: duration", "Reset to a time before now, PnDTnHnMnS.");
  p.value("from-file", "String: path to CSV file", "Reset to the offsets of a CSV file.");
  p.flag("validate-regex", "Accepted.");
  p.flag("help", "Print usage information.").flag("version", "Display Kafka version.");
  return p;
}

constexpr std::array kActions = {"list", "describe", "delete", "reset-offsets", "delete-offsets"};
constexpr std::array kWays = {"to-offset",   "shift-by",  "to-datetime", "by-duration",
                              "to-earliest", "to-latest", "to-current",  "from-file"};
constexpr std::array<std::string_view, 7> kStates = {
    "Dead", "Reconciling", "CompletingRebalance", "Empty", "Assigning", "PreparingRebalance", "Stable"};
constexpr std::array<std::string_view, 2> kTypes = {"Classic", "Consumer"};

template <class Names>
long count_of(const Options& o, const Names& names) {
  return std::ranges::count_if(names, [&](const char* name) { return o.has(name); });
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// The names of a comma separated list in their proper spelling; nothing when one is unknown.
template <class Names>
std::optional<std::vector<std::string>> spelled(const std::string& list, const Names& names) {
  std::vector<std::string> out;
  std::string word;
  for (const char c : list + ",") {
    if (c == ' ') continue;
    if (c != ',') {
      word += c;
      continue;
    }
    const auto at =
        std::ranges::find_if(names, [&](std::string_view name) { return lower(std::string(name)) == lower(word); });
    if (at == std::end(names)) return {};
    out.emplace_back(*at);
    word.clear();
  }
  return out;
}

// What is wrong with the combination of options, or empty.
std::string misuse(const Options& o) {
  if (!o.has("bootstrap-server")) return "Missing required argument \"[bootstrap-server]\"";
  if (count_of(o, kActions) != 1)
    return "Command must include exactly one action: --list, --describe, --delete, --reset-offsets, --delete-offsets.";
  const bool grouped = o.has("group") || o.has("all-groups");
  for (const char* action : {"describe", "delete", "reset-offsets"})
    if (o.has(action) && !grouped)
      return fmt::format("Option [{}] takes one of these options: [all-groups], [group]", action);
  if (o.has("describe") && count_of(o, std::array{"members", "offsets", "state"}) > 1)
    return "Option [describe] takes at most one of these options: [members], [offsets], [state]";
  if (o.has("describe") && o.has_value("state")) return "Option [describe] does not take a value for [state]";
  if (o.has("delete") && o.has("topic"))
    return "The consumer does not support topic-specific offset deletion from a consumer group.";
  if (o.has("reset-offsets")) {
    if (count_of(o, kWays) != 1)
      return fmt::format("Option [reset-offsets] takes exactly one of these options: [{}]", fmt::join(kWays, "], ["));
    if (o.has("dry-run") && o.has("execute")) return "Option [reset-offsets] only accepts one of [execute], [dry-run]";
    if (!o.has("from-file") && !o.has("topic") && !o.has("all-topics"))
      return "Option [reset-offsets] takes one of these options: [all-topics], [topic]";
  }
  if (o.has("delete-offsets") && !(o.has("group") && o.has("topic")))
    return "Option [delete-offsets] takes the following options: [topic], [group]";
  if (o.has("list") && o.has_value("state") && !spelled(*o.value("state"), kStates))
    return fmt::format("Invalid state list '{}'. Valid states are: {}", *o.value("state"), fmt::join(kStates, ", "));
  if (o.has("list") && o.has_value("type") && !spelled(*o.value("type"), kTypes))
    return fmt::format("Invalid types list '{}'. Valid types are: {}", *o.value("type"), fmt::join(kTypes, ", "));
  return "";
}

Error invalid(std::string message) { return {ErrorCode::kInvalidRequest, std::move(message)}; }

std::string capitalised(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

// "orders:0,1;plain:2", or "-" for nothing.
std::string assignment_text(const std::set<TopicPartition>& partitions) {
  std::map<std::string, std::vector<std::int32_t>> topics;
  for (const auto& tp : partitions) topics[tp.topic].push_back(tp.partition.value);
  std::string text;
  for (const auto& [topic, ids] : topics)
    text += fmt::format("{}{}:{}", text.empty() ? "" : ";", topic, fmt::join(ids, ","));
  return text.empty() ? "-" : text;
}

std::string or_dash(const std::optional<std::int32_t>& number) { return number ? std::to_string(*number) : "-"; }

class GroupCommand {
 public:
  GroupCommand(Context context, const Options& options, admin::Client& client)
      : context_(context), terminal_(context.terminal), options_(options), client_(client) {}

  Task<Result<>> run() {
    if (options_.has("list")) co_return co_await list();
    if (options_.has("describe")) co_return co_await describe();
    if (options_.has("delete")) co_return co_await remove();
    if (options_.has("reset-offsets")) co_return co_await reset();
    co_return co_await delete_offsets();
  }

 private:
  Task<Result<>> list();
  Task<Result<>> describe();
  Task<Result<>> describe_offsets(const GroupDescription& group);
  void describe_members(const GroupDescription& group);
  void describe_state(const GroupDescription& group);
  Task<Result<>> remove();
  Task<Result<>> reset();
  Task<Result<std::map<TopicPartition, Offset>>> plan(const std::string& group);
  Task<Result<std::map<TopicPartition, Offset>>> plan_from_file(const std::string& group);
  Task<Result<std::vector<TopicPartition>>> chosen_partitions(const admin::CommittedOffsets& committed);
  Task<Result<>> delete_offsets();
  Task<Result<std::vector<std::string>>> chosen_groups();
  void note_state(const GroupDescription& group);
  void print_error(const std::string& text) { terminal_.out(fmt::format("\nError: {}\n", text)); }
  std::function<void(std::string)> warner() {
    return [this](const std::string& text) { terminal_.err("WARN " + text + "\n"); };
  }

  Context context_;
  Terminal& terminal_;
  const Options& options_;
  admin::Client& client_;
};

Task<Result<std::vector<std::string>>> GroupCommand::chosen_groups() {
  if (!options_.has("all-groups")) co_return options_.values("group");
  CO_TRY(const auto listed, co_await admin::list_groups(client_));
  std::vector<std::string> ids;
  for (const auto& group : listed)
    if (group.protocol_type == "consumer" || group.protocol_type.empty()) ids.push_back(group.id);
  co_return ids;
}

Task<Result<>> GroupCommand::list() {
  std::vector<std::string> states, types;
  if (options_.has_value("state")) states = *spelled(*options_.value("state"), kStates);
  if (options_.has_value("type")) types = *spelled(*options_.value("type"), kTypes);
  auto listed = co_await admin::list_groups(client_, states, types);
  if (!listed && listed.error().message == admin::kNoBrokerInTime)
    co_return std::unexpected(
        invalid("java.util.concurrent.ExecutionException: org.apache.kafka.common.KafkaException: Failed to find "
                "brokers to send ListGroups"));
  if (!listed) co_return std::unexpected(listed.error());
  std::erase_if(*listed, [](const auto& g) { return g.protocol_type != "consumer" && !g.protocol_type.empty(); });
  if (!options_.has("state") && !options_.has("type")) {
    for (const auto& group : *listed) terminal_.out(group.id + "\n");
    co_return Result<>();
  }
  constexpr std::size_t kGroupWidthMin = 15, kGap = 10, kWidth = 20;
  std::size_t longest = kGroupWidthMin;
  for (const auto& group : *listed) longest = std::max(longest, group.id.size());
  std::vector<Columns::Column> columns{{"GROUP", longest + kGap}};
  if (options_.has("type")) columns.push_back({"TYPE", kWidth, false});
  if (options_.has("state")) columns.push_back({"STATE", kWidth, false});
  Columns table(std::move(columns));
  for (const auto& group : *listed) {
    std::vector<std::string> row{group.id};
    if (options_.has("type")) row.push_back(capitalised(lower(group.type)));
    if (options_.has("state")) row.push_back(group.state);
    table.add(std::move(row));
  }
  terminal_.out(table.text());
  co_return Result<>();
}

Task<Result<>> GroupCommand::describe() {
  CO_TRY(const auto ids, co_await chosen_groups());
  for (const auto& id : ids) {
    auto group = co_await admin::describe_group(client_, id);
    if (!group && group.error().code == ErrorCode::kGroupIdNotFound)
      co_return fail(ErrorCode::kGroupIdNotFound, exception_text(group.error()));
    if (!group) co_return std::unexpected(group.error());
    note_state(*group);
    if (options_.has("members"))
      describe_members(*group);
    else if (options_.has("state"))
      describe_state(*group);
    else
      CO_TRY_VOID(co_await describe_offsets(*group));
  }
  co_return Result<>();
}

void GroupCommand::note_state(const GroupDescription& group) {
  if (group.state == "Empty")
    terminal_.err(fmt::format("\nConsumer group '{}' has no active members.\n", group.id));
  else if (group.state != "Stable")
    terminal_.err(fmt::format("\nWarning: Consumer group '{}' is rebalancing.\n", group.id));
}

Task<Result<>> GroupCommand::describe_offsets(const GroupDescription& group) {
  CO_TRY(auto committed, co_await admin::fetch_offsets(client_, group.id));
  std::map<TopicPartition, std::int64_t> wanted;
  for (const auto& [tp, offset] : committed) wanted[tp] = admin::kLatest;
  for (const auto& member : group.members)
    for (const auto& tp : member.assignment) wanted[tp] = admin::kLatest;
  CO_TRY(const auto ends, co_await admin::list_offsets(client_, wanted));

  const bool verbose = options_.has("verbose");
  std::vector<Columns::Column> columns{{"GROUP", 15}, {"TOPIC", 15}, {"PARTITION", 10}};
  if (verbose) columns.push_back({"LEADER-EPOCH", 15});
  for (const char* title : {"CURRENT-OFFSET", "LOG-END-OFFSET", "LAG", "CONSUMER-ID", "HOST"})
    columns.push_back({title, 15});
  columns.push_back({"CLIENT-ID"});
  Columns table(std::move(columns));
  const auto add = [&](const TopicPartition& tp, const admin::GroupMember* member) {
    const auto offset = committed.find(tp);
    const auto end = ends.find(tp);
    const bool has_offset = offset != committed.end(), has_end = end != ends.end() && end->second.has_value();
    std::vector<std::string> row{group.id, tp.topic, to_string(tp.partition)};
    if (verbose)
      row.push_back(has_offset && offset->second.leader_epoch.value >= 0 ? to_string(offset->second.leader_epoch)
                                                                         : "-");
    row.push_back(has_offset ? to_string(offset->second.offset) : "-");
    row.push_back(has_end ? to_string(end->second->offset) : "-");
    row.push_back(has_offset && has_end ? std::to_string(end->second->offset - offset->second.offset) : "-");
    row.push_back(member ? member->id : "-");
    row.push_back(member ? member->host : "-");
    row.push_back(member ? member->client_id : "-");
    table.add(std::move(row));
  };
  auto unassigned = committed;
  for (const auto& member : group.members) {
    for (const auto& tp : member.assignment) {
      add(tp, &member);
      unassigned.erase(tp);
    }
    if (!member.assignment.empty()) continue;
    std::vector<std::string> row{group.id, "-", "-"};
    row.resize(verbose ? 7 : 6, "-");
    row.insert(row.end(), {member.id, member.host, member.client_id});
    table.add(std::move(row));
  }
  for (const auto& [tp, offset] : unassigned) add(tp, nullptr);
  if (!table.empty()) terminal_.out("\n" + table.text());
  co_return Result<>();
}

void GroupCommand::describe_members(const GroupDescription& group) {
  if (group.members.empty()) return;
  const bool verbose = options_.has("verbose");
  const bool instances =
      std::ranges::any_of(group.members, [](const auto& m) { return m.instance_id && !m.instance_id->empty(); });
  std::vector<Columns::Column> columns{{"GROUP", 15}, {"CONSUMER-ID", 15}};
  if (instances) columns.push_back({"GROUP-INSTANCE-ID", 17});
  for (const char* title : {"HOST", "CLIENT-ID", "#PARTITIONS"}) columns.push_back({title, 15});
  if (verbose) {
    columns.push_back({"CURRENT-EPOCH", 15});
    columns.push_back({"CURRENT-ASSIGNMENT", 20});
    columns.push_back({"TARGET-EPOCH", 15});
    columns.push_back({"TARGET-ASSIGNMENT", 20});
  } else {
    columns.push_back({""});
  }
  Columns table(std::move(columns));
  for (const auto& m : group.members) {
    std::vector<std::string> row{group.id, m.id};
    if (instances) row.push_back(m.instance_id.value_or("-"));
    row.insert(row.end(), {m.host, m.client_id, std::to_string(m.assignment.size())});
    if (verbose)
      row.insert(row.end(), {or_dash(m.epoch), assignment_text(m.assignment), or_dash(group.assignment_epoch),
                             assignment_text(m.target_assignment)});
    else
      row.emplace_back();
    table.add(std::move(row));
  }
  terminal_.out("\n" + table.text());
}

void GroupCommand::describe_state(const GroupDescription& group) {
  const bool verbose = options_.has("verbose");
  std::vector<Columns::Column> columns{
      {"GROUP", 15}, {"COORDINATOR (ID)", 25}, {"ASSIGNMENT-STRATEGY", 20}, {"STATE", 20}};
  if (verbose) {
    columns.push_back({"GROUP-EPOCH", 15});
    columns.push_back({"TARGET-ASSIGNMENT-EPOCH", 25});
  }
  columns.push_back({"#MEMBERS"});
  Columns table(std::move(columns));
  std::vector<std::string> row{group.id,
                               fmt::format("{}  ({})", to_string(group.coordinator_endpoint), group.coordinator.value),
                               group.assignor, group.state};
  if (verbose) row.insert(row.end(), {or_dash(group.group_epoch), or_dash(group.assignment_epoch)});
  row.push_back(std::to_string(group.members.size()));
  table.add(std::move(row));
  terminal_.out("\n" + table.text());
}

Task<Result<>> GroupCommand::remove() {
  CO_TRY(const auto ids, co_await chosen_groups());
  std::vector<std::string> deleted, failed;
  for (const auto& id : ids) {
    const auto gone = co_await admin::delete_group(client_, id);
    if (gone)
      deleted.push_back("'" + id + "'");
    else
      failed.push_back(fmt::format("* Group '{}' could not be deleted due to: {}", id, exception_text(gone.error())));
  }
  if (failed.empty()) {
    terminal_.out(
        fmt::format("Deletion of requested consumer groups ({}) was successful.\n", fmt::join(deleted, ", ")));
    co_return Result<>();
  }
  print_error(fmt::format("Deletion of some consumer groups failed:\n{}", fmt::join(failed, "\n")));
  if (!deleted.empty())
    terminal_.out(fmt::format("\nThese consumer groups were deleted successfully: {}\n", fmt::join(deleted, ", ")));
  co_return Result<>();
}

Task<Result<std::vector<TopicPartition>>> GroupCommand::chosen_partitions(const admin::CommittedOffsets& committed) {
  std::vector<TopicPartition> partitions;
  if (options_.has("all-topics")) {
    for (const auto& [tp, offset] : committed) partitions.push_back(tp);
    co_return partitions;
  }
  for (const auto& argument : options_.values("topic")) {
    CO_TRY(const auto topic, parse_topic_argument(argument));
    for (const auto id : topic.second) partitions.push_back({topic.first, id});
    if (!topic.second.empty()) continue;
    CO_TRY(const auto described, co_await admin::describe_topics(client_, {topic.first}));
    for (const auto& t : described)
      for (const auto& p : t.partitions) partitions.push_back({t.name, p.id});
  }
  co_return partitions;
}

// Lines topic,partition,offset, or group,topic,partition,offset.
Task<Result<std::map<TopicPartition, Offset>>> GroupCommand::plan_from_file(const std::string& group) {
  CO_TRY(const std::string text, terminal_.read_file(*options_.value("from-file")));
  std::map<TopicPartition, std::int64_t> wanted;
  std::vector<std::string> cells(1);
  for (const char c : text + "\n") {
    if (c == '"' || c == '\r' || c == ' ') continue;
    if (c == ',') cells.emplace_back();
    if (c != ',' && c != '\n') cells.back() += c;
    if (c != '\n') continue;
    const auto row = std::exchange(cells, std::vector<std::string>(1));
    if (row.size() == 1 && row[0].empty()) continue;
    const auto partition = row.size() < 3 ? std::nullopt : parse_integer(row[row.size() - 2]);
    const auto offset = parse_integer(row.back());
    if (row.size() > 4 || !partition || !offset)
      co_return std::unexpected(
          invalid("a line of the CSV file is not topic,partition,offset: " + fmt::format("{}", fmt::join(row, ","))));
    if (row.size() == 4 && row[0] != group) continue;
    wanted[{row[row.size() - 3], PartitionId{static_cast<std::int32_t>(*partition)}}] = *offset;
  }
  co_return co_await within_ends(client_, std::move(wanted), warner());
}

Task<Result<std::map<TopicPartition, Offset>>> GroupCommand::plan(const std::string& group) {
  if (options_.has("from-file")) co_return co_await plan_from_file(group);
  CO_TRY(const auto committed, co_await admin::fetch_offsets(client_, group));
  CO_TRY(auto partitions, co_await chosen_partitions(committed));
  ResetTo to;
  if (options_.has("to-earliest")) to.kind = ResetKind::kEarliest;
  if (options_.has("to-current")) to.kind = ResetKind::kCurrent;
  for (const auto& [option, kind] :
       {std::pair("to-offset", ResetKind::kOffset), std::pair("shift-by", ResetKind::kShift)})
    if (options_.has(option)) to = {kind, *parse_integer(*options_.value(option))};
  if (options_.has("to-datetime")) {
    CO_TRY(to.number, parse_date_time(*options_.value("to-datetime")));
    to.kind = ResetKind::kTime;
  }
  if (options_.has("by-duration")) {
    CO_TRY(const Millis back, parse_duration(*options_.value("by-duration")));
    to = {ResetKind::kTime, context_.shard.clock.wall() - back.count()};
  }
  const auto note = [this](const std::string& text) { terminal_.out("\n" + text + "\n"); };
  co_return co_await plan_reset(client_, std::move(partitions), committed, to, note, warner());
}

Task<Result<>> GroupCommand::reset() {
  if (!options_.has("execute") && !options_.has("dry-run") && !options_.has("export"))
    terminal_.err(
        "WARN: No action will be performed as the --execute option is missing. In version 5.0, this command will "
        "require "
        "either --dry-run or --execute to be specified. You should add the --dry-run option explicitly if you are "
        "scripting this command and want to keep the current default behavior without prompting.\n");
  CO_TRY(const auto ids, co_await chosen_groups());
  Columns table({{"GROUP", 15}, {"TOPIC", 15}, {"PARTITION", 10}, {"NEW-OFFSET"}});
  std::string csv;
  for (const auto& id : ids) {
    const auto group = co_await admin::describe_group(client_, id);
    if (!group && group.error().code != ErrorCode::kGroupIdNotFound) co_return std::unexpected(group.error());
    if (group && group->state != "Empty" && group->state != "Dead") {
      print_error(
          fmt::format("Assignments can only be reset if the group '{}' is inactive, but the current state is {}.", id,
                      group->state));
      continue;
    }
    CO_TRY(const auto planned, co_await plan(id));
    admin::CommittedOffsets offsets;
    for (const auto& [tp, offset] : planned) {
      offsets[tp].offset = offset;
      table.add({id, tp.topic, to_string(tp.partition), to_string(offset)});
      csv += fmt::format("{}{},{},{}\n", ids.size() > 1 ? id + "," : "", tp.topic, tp.partition.value, offset.value);
    }
    if (!options_.has("execute") || offsets.empty()) continue;
    CO_TRY(const auto committed, co_await admin::commit_offsets(client_, id, std::move(offsets)));
    for (const auto& [tp, code] : committed)
      if (code != ErrorCode::kNone) co_return std::unexpected(admin::error_of(code));
  }
  terminal_.out(options_.has("export") ? csv + "\n" : "\n" + table.text());
  co_return Result<>();
}

Task<Result<>> GroupCommand::delete_offsets() {
  const std::string group = options_.values("group").front();
  CO_TRY(const auto partitions, co_await chosen_partitions({}));
  const auto outcome = co_await admin::delete_offsets(client_, group, partitions);
  if (!outcome) {
    print_error(
        fmt::format("Deletion of offsets of consumer group '{}' failed: {}", group, exception_text(outcome.error())));
    co_return Result<>();
  }
  const bool all_good =
      std::ranges::all_of(*outcome, [](const auto& entry) { return entry.second == ErrorCode::kNone; });
  if (all_good)
    terminal_.out(fmt::format("Request succeeded for deleting offsets from group {}.\n", group));
  else
    print_error("Encountered some partition-level error, see the follow-up details.");
  Columns table({{"TOPIC", 15}, {"PARTITION", 10}, {"STATUS", 15, false}});
  for (const auto& [tp, code] : *outcome)
    table.add({tp.topic, to_string(tp.partition),
               code == ErrorCode::kNone ? "Successful" : "Error: " + exception_text(admin::error_of(code))});
  terminal_.out("\n" + table.text());
  co_return Result<>();
}

// Kafka's tool ends with 0 also then.
int report(Terminal& terminal, const Error& error) {
  terminal.out(fmt::format("\nError: Executing consumer group command failed due to {}\n", kafka_text(error)));
  return 0;
}

}  // namespace

Task<int> kafka_consumer_groups(Context context, Arguments arguments) {
  const OptionParser known = parser();
  Terminal& terminal = context.terminal;
  const auto options = known.parse(arguments);
  if (!options) {
    terminal.err(options.error().message + "\n");
    co_return 1;
  }
  if (options->has("version")) {
    terminal.out(fmt::format("{}\n", kKafkaVersion));
    co_return 0;
  }
  if (arguments.empty() || options->has("help"))
    co_return usage_error(terminal, known,
                          "This tool helps to list all consumer groups, describe a consumer group, delete consumer "
                          "group info, or reset consumer group offsets.");
  if (const std::string text = misuse(*options); !text.empty()) co_return usage_error(terminal, known, text);
  const auto properties = client_properties(terminal, *options, {"command-config"});
  if (!properties) co_return report(terminal, properties.error());
  auto settings = client_options(*options->value("bootstrap-server"), *properties, "adminclient-1");
  if (!settings) co_return report(terminal, settings.error());
  if (const auto timeout = options->value("timeout")) settings->api_timeout = Millis(*parse_integer(*timeout));
  admin::Client client(context.shard, std::move(*settings));
  GroupCommand command(context, *options, client);
  const auto done = co_await command.run();
  co_return done ? 0 : report(terminal, done.error());
}

}  // namespace thalweg::cli
