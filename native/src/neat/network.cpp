#include "network.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace ngp::neat {

namespace {

using Keys = std::unordered_set<std::int64_t>;

// Python's min and max of two numbers, which keep the first one beside a NaN.
double py_min(double a, double b) { return b < a ? b : a; }
double py_max(double a, double b) { return b > a ? b : a; }
double clamp(double z, double bound) { return py_max(-bound, py_min(bound, z)); }

// Nodes from which an output can be reached, the outputs included.
Keys required_nodes(const std::vector<ConnectionGene>& connections, std::size_t num_outputs, bool only_enabled) {
  std::unordered_map<std::int64_t, std::vector<std::int64_t>> sources;
  for (const ConnectionGene& gene : connections) {
    if (gene.source >= 0 && (gene.is_enabled || !only_enabled)) sources[gene.target].push_back(gene.source);
  }
  Keys required;
  std::vector<std::int64_t> open;
  for (std::size_t key = 0; key < num_outputs; ++key) open.push_back(static_cast<std::int64_t>(key));
  while (!open.empty()) {
    const std::int64_t key = open.back();
    open.pop_back();
    if (!required.insert(key).second) continue;
    for (const std::int64_t source : sources[key]) open.push_back(source);
  }
  return required;
}

// The required nodes of a graph without cycles, each after those that it reads; nodes in or behind a cycle are left
// out, as neat-python's layers leave them out.
std::vector<std::int64_t> in_layers(const std::vector<ConnectionGene>& connections, const Keys& required) {
  std::unordered_map<std::int64_t, std::size_t> num_missing;
  std::unordered_map<std::int64_t, std::vector<std::int64_t>> targets;
  for (const ConnectionGene& gene : connections) {
    if (!gene.is_enabled || gene.source < 0 || !required.count(gene.source) || !required.count(gene.target)) continue;
    ++num_missing[gene.target];
    targets[gene.source].push_back(gene.target);
  }
  std::vector<std::int64_t> order;
  for (const std::int64_t key : required) {
    if (!num_missing.count(key)) order.push_back(key);
  }
  std::sort(order.begin(), order.end());
  for (std::size_t place = 0; place < order.size(); ++place) {
    const std::int64_t key = order[place];
    for (const std::int64_t target : targets[key]) {
      if (--num_missing[target] == 0) order.push_back(target);
    }
  }
  return order;
}

}  // namespace

double activation(Activation function, double z) {
  switch (function) {
    case Activation::kSigmoid:
      return 1.0 / (1.0 + std::exp(-clamp(5.0 * z, 60.0)));
    case Activation::kTanh:
      return std::tanh(clamp(2.5 * z, 60.0));
    case Activation::kSin:
      return std::sin(clamp(5.0 * z, 60.0));
    case Activation::kGauss:
      return std::exp(-5.0 * std::pow(clamp(z, 3.4), 2.0));
    case Activation::kRelu:
      return z > 0.0 ? z : 0.0;
    case Activation::kElu:
      return z > 0.0 ? z : std::exp(z) - 1;
    case Activation::kLelu:
      return z > 0.0 ? z : 0.005 * z;
    case Activation::kSelu: {
      const double lam = 1.0507009873554804934193349852946, alpha = 1.6732632423543772848170429916717;
      return z > 0.0 ? lam * z : lam * alpha * (std::exp(z) - 1);
    }
    case Activation::kSoftplus:
      return 0.2 * std::log(1 + std::exp(clamp(5.0 * z, 60.0)));
    case Activation::kIdentity:
      return z;
    case Activation::kClamped:
      return clamp(z, 1.0);
    case Activation::kInv:
      return z == 0.0 ? 0.0 : 1.0 / z;
    case Activation::kLog:
      return std::log(py_max(1e-7, z));
    case Activation::kExp:
      return std::exp(clamp(z, 60.0));
    case Activation::kAbs:
      return std::fabs(z);
    case Activation::kHat:
      return py_max(0.0, 1 - std::fabs(z));
    case Activation::kSquare:
      return std::pow(z, 2.0);
    case Activation::kCube:
      return std::pow(z, 3.0);
  }
  return 0.0;
}

Network::Network(const std::vector<NodeGene>& nodes, const std::vector<ConnectionGene>& connections, Shape shape)
    : shape_(shape) {
  std::unordered_map<std::int64_t, std::size_t> index_of;
  for (std::size_t index = 0; index < nodes.size(); ++index) index_of.emplace(nodes[index].key, index);
  for (std::size_t key = 0; key < shape.num_outputs; ++key) {
    const auto found = index_of.find(static_cast<std::int64_t>(key));
    if (found == index_of.end()) throw std::invalid_argument("A genome lacks an output node.");
    output_indices_.push_back(found->second);
  }
  num_nodes_ = nodes.size();
  const Keys required = required_nodes(connections, shape.num_outputs, shape.is_feed_forward);

  std::vector<std::int64_t> order;
  std::unordered_map<std::int64_t, std::vector<const ConnectionGene*>> links_of;
  for (const ConnectionGene& gene : connections) {
    const std::int64_t num_inputs = static_cast<std::int64_t>(shape.num_inputs);
    const bool is_known = gene.source < 0 ? gene.source >= -num_inputs : index_of.count(gene.source) > 0;
    if (!is_known || !index_of.count(gene.target)) throw std::invalid_argument("A connection leads from or to nowhere.");
    if (!gene.is_enabled || !required.count(gene.target)) continue;
    std::vector<const ConnectionGene*>& links = links_of[gene.target];
    if (links.empty()) order.push_back(gene.target);
    links.push_back(&gene);
  }
  if (shape.is_feed_forward) order = in_layers(connections, required);

  const auto slot_of = [&](std::int64_t source) {
    return static_cast<std::uint32_t>(source < 0 ? -1 - source : shape.num_inputs + index_of.at(source));
  };
  for (const std::int64_t key : order) {
    const std::size_t index = index_of.at(key);
    const NodeGene& gene = nodes[index];
    Node node{index, links_.size(), 0, gene.bias, gene.response, gene.activation, gene.aggregation};
    for (const ConnectionGene* link : links_of[key]) links_.push_back({slot_of(link->source), link->weight});
    node.end = links_.size();
    nodes_.push_back(node);
  }
}

void Network::activate(const double* inputs, double* memory, double* outputs) const {
  static thread_local std::vector<double> values, products;
  values.assign(inputs, inputs + shape_.num_inputs);
  values.insert(values.end(), memory, memory + num_nodes_);
  for (const Node& node : nodes_) {
    const double value = activation(node.activation, node.bias + node.response * aggregate(node, values.data(), products));
    memory[node.index] = value;
    // A recurrent network reads what its nodes were before; a feed-forward one what they have just become.
    if (shape_.is_feed_forward) values[shape_.num_inputs + node.index] = value;
  }
  for (std::size_t key = 0; key < output_indices_.size(); ++key) outputs[key] = memory[output_indices_[key]];
}

double Network::aggregate(const Node& node, const double* values, std::vector<double>& products) const {
  const std::size_t count = node.end - node.begin;
  if (count == 0) return node.aggregation == Aggregation::kProduct ? 1.0 : 0.0;
  products.resize(count);
  const Link* links = links_.data() + node.begin;
  for (std::size_t i = 0; i < count; ++i) products[i] = values[links[i].source] * links[i].weight;

  switch (node.aggregation) {
    case Aggregation::kProduct: {
      double product = 1.0;
      for (const double one : products) product *= one;
      return product;
    }
    case Aggregation::kSum:
      return sum(products.data(), count);
    case Aggregation::kMean:
      return sum(products.data(), count) / static_cast<double>(count);
    case Aggregation::kMax:
      return *std::max_element(products.begin(), products.end());
    case Aggregation::kMin:
      return *std::min_element(products.begin(), products.end());
    case Aggregation::kMaxabs:
      return *std::max_element(products.begin(), products.end(),
                               [](double a, double b) { return std::fabs(a) < std::fabs(b); });
    case Aggregation::kMedian: {
      if (count <= 2) return sum(products.data(), count) / static_cast<double>(count);
      for (const double one : products) {
        if (std::isnan(one)) return one;  // nothing can be sorted with it
      }
      const auto middle = products.begin() + static_cast<std::ptrdiff_t>(count / 2);
      std::nth_element(products.begin(), middle, products.end());
      if (count % 2 == 1) return *middle;
      return (*std::max_element(products.begin(), middle) + *middle) / 2.0;
    }
  }
  return 0.0;
}

double Network::sum(const double* products, std::size_t count) const {
  double total = 0.0, lost = 0.0;
  if (!shape_.sums_are_compensated) {
    for (std::size_t i = 0; i < count; ++i) total += products[i];
    return total;
  }
  for (std::size_t i = 0; i < count; ++i) {  // Neumaier's sum, as in CPython's sum()
    const double next = total + products[i];
    lost += std::fabs(total) >= std::fabs(products[i]) ? (total - next) + products[i] : (products[i] - next) + total;
    total = next;
  }
  return lost != 0.0 && std::isfinite(lost) ? total + lost : total;
}

}  // namespace ngp::neat
