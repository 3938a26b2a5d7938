// The module newgameplus._neat: networks of NEAT as Python sees them; _neat.pyi has the signatures.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <stdexcept>
#include <utility>
#include <vector>

#include "genome.hpp"
#include "network.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace ngp::neat {

namespace {

template <typename Number>
using Column = nb::ndarray<const Number, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Memory = nb::ndarray<double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Inputs = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Outputs = nb::ndarray<double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

void require(bool is_so, const char* complaint) {
  if (!is_so) throw std::invalid_argument(complaint);
}

Network network_of(Column<std::int64_t> key, Column<double> bias, Column<double> response,
                   Column<std::int64_t> activation, Column<std::int64_t> aggregation, Column<std::int64_t> source,
                   Column<std::int64_t> target, Column<double> weight, Column<bool> enabled, std::size_t num_inputs,
                   std::size_t num_outputs, bool is_feed_forward, bool sums_are_compensated) {
  const std::size_t num_nodes = key.shape(0), num_connections = source.shape(0);
  require(bias.shape(0) == num_nodes && response.shape(0) == num_nodes && activation.shape(0) == num_nodes &&
              aggregation.shape(0) == num_nodes,
          "The arrays of the nodes have different lengths.");
  require(target.shape(0) == num_connections && weight.shape(0) == num_connections &&
              enabled.shape(0) == num_connections,
          "The arrays of the connections have different lengths.");
  std::vector<NodeGene> nodes;
  for (std::size_t i = 0; i < num_nodes; ++i) {
    require(activation(i) >= 0 && activation(i) < kNumActivations && aggregation(i) >= 0 &&
                aggregation(i) < kNumAggregations,
            "A node has an unknown function.");
    nodes.push_back({key(i), bias(i), response(i), static_cast<Activation>(activation(i)),
                     static_cast<Aggregation>(aggregation(i))});
  }
  std::vector<ConnectionGene> connections;
  for (std::size_t i = 0; i < num_connections; ++i) {
    connections.push_back({source(i), target(i), weight(i), enabled(i)});
  }
  return Network(nodes, connections, {num_inputs, num_outputs, is_feed_forward, sums_are_compensated});
}

Genome genome_of(Column<std::int64_t> key, Column<double> bias, Column<double> response, Column<double> time_constant,
                 Column<std::int64_t> activation, Column<std::int64_t> aggregation, Column<std::int64_t> source,
                 Column<std::int64_t> target, Column<double> weight, Column<bool> enabled) {
  const std::size_t num_nodes = key.shape(0), num_connections = source.shape(0);
  for (const std::size_t length : {bias.shape(0), response.shape(0), time_constant.shape(0), activation.shape(0),
                                   aggregation.shape(0)}) {
    require(length == num_nodes, "The arrays of the nodes have different lengths.");
  }
  for (const std::size_t length : {target.shape(0), weight.shape(0), enabled.shape(0)}) {
    require(length == num_connections, "The arrays of the connections have different lengths.");
  }
  std::vector<Genome::Node> nodes;
  for (std::size_t i = 0; i < num_nodes; ++i) {
    nodes.push_back({key(i), bias(i), response(i), time_constant(i), activation(i), aggregation(i)});
  }
  std::vector<Genome::Connection> connections;
  for (std::size_t i = 0; i < num_connections; ++i) {
    connections.push_back({source(i), target(i), weight(i), enabled(i)});
  }
  return Genome(std::move(nodes), std::move(connections));
}

void activate(const nb::list& networks, const nb::list& memories, Inputs inputs, Outputs outputs) {
  const std::size_t num_rows = networks.size();
  require(memories.size() == num_rows && inputs.shape(0) == num_rows && outputs.shape(0) == num_rows,
          "Every row needs a network, a memory, inputs and outputs.");
  std::vector<const Network*> network(num_rows);
  std::vector<double*> memory(num_rows);
  for (std::size_t row = 0; row < num_rows; ++row) {
    network[row] = &nb::cast<const Network&>(networks[row]);
    const Memory values = nb::cast<Memory>(memories[row], false);
    require(values.shape(0) == network[row]->num_nodes() && inputs.shape(1) == network[row]->num_inputs() &&
                outputs.shape(1) == network[row]->num_outputs(),
            "The memory, inputs or outputs of a row do not fit its network.");
    memory[row] = values.data();
  }
  for (std::size_t row = 0; row < num_rows; ++row) {
    network[row]->activate(inputs.data() + row * inputs.shape(1), memory[row], outputs.data() + row * outputs.shape(1));
  }
}

}  // namespace

NB_MODULE(_neat, module) {
  module.doc() = "Networks of NEAT, activated like neat-python's.";
  nb::class_<Network>(module, "Network", "A network, made of the genes of a genome.")
      .def_prop_ro("num_nodes", &Network::num_nodes, "Length of a row's memory.")
      .def_prop_ro("num_links", &Network::num_links, "Number of connections that are evaluated.");
  module.def("network", &network_of, "key"_a, "bias"_a, "response"_a, "activation"_a, "aggregation"_a, "source"_a,
             "target"_a, "weight"_a, "enabled"_a, "num_inputs"_a, "num_outputs"_a, "is_feed_forward"_a,
             "sums_are_compensated"_a, "Makes a network of nodes and connections, in the order of the genome.");
  nb::class_<Genome>(module, "Genome", "The genes of a genome, ready to be compared.")
      .def("distance", &Genome::distance, "other"_a, "disjoint_coefficient"_a, "weight_coefficient"_a,
           "Genetic distance from another genome.");
  module.def("genome", &genome_of, "key"_a, "bias"_a, "response"_a, "time_constant"_a, "activation"_a, "aggregation"_a,
             "source"_a, "target"_a, "weight"_a, "enabled"_a, "Takes the genes of a genome.");
  module.def("activate", &activate, "networks"_a, "memories"_a, "inputs"_a, "outputs"_a,
             "Activates the network of each row on its inputs; changes its memory and writes its outputs.");
}

}  // namespace ngp::neat
