// Genetic distance of two genomes, as neat-python's DefaultGenome.distance, with the same sums in the same order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ngp::neat {

// A genome's genes, ready to be compared.
class Genome {
 public:
  struct Node {
    std::int64_t key;
    double bias, response, time_constant;
    std::int64_t activation, aggregation;
  };
  struct Connection {
    std::int64_t source, target;
    double weight;
    bool is_enabled;
  };

  Genome(std::vector<Node> nodes, std::vector<Connection> connections);

  // Not symmetric in the last bits: sums follow the order of this genome.
  double distance(const Genome& other, double disjoint_coefficient, double weight_coefficient) const;

 private:
  struct Hash {
    std::size_t operator()(const std::pair<std::int64_t, std::int64_t>& key) const {
      const std::uint64_t mixed =
          static_cast<std::uint64_t>(key.first) * 0x9E3779B97F4A7C15u + static_cast<std::uint64_t>(key.second);
      return static_cast<std::size_t>(mixed ^ (mixed >> 29));
    }
  };

  std::vector<Node> nodes_;
  std::vector<Connection> connections_;
  std::unordered_map<std::int64_t, std::size_t> node_places_;
  std::unordered_map<std::pair<std::int64_t, std::int64_t>, std::size_t, Hash> connection_places_;
};

}  // namespace ngp::neat
