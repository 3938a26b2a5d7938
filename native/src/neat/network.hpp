// Networks of NEAT: genes as flat arrays, activated like neat-python's RecurrentNetwork and FeedForwardNetwork.
//
// Every sum, product and comparison is taken in neat-python's order and in double precision, so that the outputs are
// the same numbers where the C library's functions are. Two things differ: a square or cube that overflows, for which
// Python raises, is infinite here, and the median of numbers with a NaN among them is NaN.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ngp::neat {

// In the order of ACTIVATIONS in agents/neat/genes.py.
enum class Activation {
  kSigmoid, kTanh, kSin, kGauss, kRelu, kElu, kLelu, kSelu, kSoftplus,
  kIdentity, kClamped, kInv, kLog, kExp, kAbs, kHat, kSquare, kCube,
};
constexpr int kNumActivations = 18;

// In the order of AGGREGATIONS in agents/neat/genes.py.
enum class Aggregation { kProduct, kSum, kMax, kMin, kMaxabs, kMedian, kMean };
constexpr int kNumAggregations = 7;

double activation(Activation function, double z);

struct NodeGene {
  std::int64_t key;  // 0 to the number of outputs - 1 for an output
  double bias, response;
  Activation activation;
  Aggregation aggregation;
};

struct ConnectionGene {
  std::int64_t source;  // key of a node, or -1 - i for input i
  std::int64_t target;
  double weight;
  bool is_enabled;
};

struct Shape {
  std::size_t num_inputs, num_outputs;
  bool is_feed_forward;
  bool sums_are_compensated;  // as Python's sum of floats from version 3.12 on
};

class Network {
 public:
  // Throws std::invalid_argument for genes that no genome of this shape has.
  Network(const std::vector<NodeGene>& nodes, const std::vector<ConnectionGene>& connections, Shape shape);

  std::size_t num_inputs() const { return shape_.num_inputs; }
  std::size_t num_outputs() const { return shape_.num_outputs; }
  // Values of the nodes, in the order of their genes, that an activation leaves for the next one; all 0 at first.
  std::size_t num_nodes() const { return num_nodes_; }
  std::size_t num_links() const { return links_.size(); }

  // `memory` is `num_nodes` long and changes; `outputs` is `num_outputs` long.
  void activate(const double* inputs, double* memory, double* outputs) const;

 private:
  struct Link {
    std::uint32_t source;  // input i at i, node j at num_inputs + j
    double weight;
  };
  struct Node {
    std::size_t index;       // of its value
    std::size_t begin, end;  // of its links
    double bias, response;
    Activation activation;
    Aggregation aggregation;
  };

  double aggregate(const Node& node, const double* values, std::vector<double>& products) const;
  double sum(const double* products, std::size_t count) const;

  Shape shape_;
  std::size_t num_nodes_ = 0;
  std::vector<std::size_t> output_indices_;
  std::vector<Node> nodes_;  // in the order of evaluation
  std::vector<Link> links_;
};

}  // namespace ngp::neat
