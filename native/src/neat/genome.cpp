#include "genome.hpp"

#include <algorithm>
#include <cmath>

namespace ngp::neat {

namespace {

// What the genes of one kind add to the distance: those in common by their own distance, the others by their number.
double mean_distance(double in_common, std::size_t num_in_common, std::size_t num_own, std::size_t num_other,
                     double disjoint_coefficient) {
  if (num_own == 0 && num_other == 0) return 0.0;
  const std::size_t num_disjoint = num_own + num_other - 2 * num_in_common;
  return (in_common + disjoint_coefficient * static_cast<double>(num_disjoint)) /
         static_cast<double>(std::max(num_own, num_other));
}

}  // namespace

Genome::Genome(std::vector<Node> nodes, std::vector<Connection> connections)
    : nodes_(std::move(nodes)), connections_(std::move(connections)) {
  for (std::size_t place = 0; place < nodes_.size(); ++place) node_places_.emplace(nodes_[place].key, place);
  connection_places_.reserve(connections_.size());
  for (std::size_t place = 0; place < connections_.size(); ++place) {
    connection_places_.emplace(std::pair{connections_[place].source, connections_[place].target}, place);
  }
}

double Genome::distance(const Genome& other, double disjoint_coefficient, double weight_coefficient) const {
  double of_nodes = 0.0, of_connections = 0.0;
  std::size_t num_nodes = 0, num_connections = 0;
  for (const Node& node : nodes_) {
    const auto found = other.node_places_.find(node.key);
    if (found == other.node_places_.end()) continue;
    const Node& twin = other.nodes_[found->second];
    double own = std::fabs(node.bias - twin.bias) + std::fabs(node.response - twin.response);
    own += std::fabs(node.time_constant - twin.time_constant);
    if (node.activation != twin.activation) own += 1.0;
    if (node.aggregation != twin.aggregation) own += 1.0;
    of_nodes += own * weight_coefficient;
    ++num_nodes;
  }
  for (const Connection& connection : connections_) {
    const auto found = other.connection_places_.find({connection.source, connection.target});
    if (found == other.connection_places_.end()) continue;
    const Connection& twin = other.connections_[found->second];
    double own = std::fabs(connection.weight - twin.weight);
    if (connection.is_enabled != twin.is_enabled) own += 1.0;
    of_connections += own * weight_coefficient;
    ++num_connections;
  }
  return mean_distance(of_nodes, num_nodes, nodes_.size(), other.nodes_.size(), disjoint_coefficient) +
         mean_distance(of_connections, num_connections, connections_.size(), other.connections_.size(),
                       disjoint_coefficient);
}

}  // namespace ngp::neat
