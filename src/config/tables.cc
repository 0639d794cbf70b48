#include "config/option_tables.h"

namespace thalweg::config {
namespace {

Table single(std::span<const Option> rows) { return Table(std::span(&rows, 1)); }

Table all_broker_rows() {
  const std::span<const Option> areas[] = {broker_cluster_rows(),      broker_network_rows(),  broker_log_rows(),
                                           broker_coordinator_rows(),  broker_security_rows(), broker_remote_rows(),
                                           broker_dynamic_only_rows(), thalweg_rows()};
  return Table(areas);
}

}  // namespace

const Table& topic_options() {
  static const Table table = single(topic_option_rows());
  return table;
}

const Table& broker_options() {
  static const Table table = all_broker_rows();
  return table;
}

const Table& group_options() {
  static const Table table = single(group_option_rows());
  return table;
}

const Table& client_metrics_options() {
  static const Table table = single(client_metrics_option_rows());
  return table;
}

}  // namespace thalweg::config
