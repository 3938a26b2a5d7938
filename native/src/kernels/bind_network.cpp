// A whole network of values as Python sees it.
#include <nanobind/stl/vector.h>

#include <optional>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "bind_noisy.hpp"
#include "bind_stack.hpp"
#include "network.hpp"

namespace ngp::kernels {
namespace {

// The network together with what it reads, which Python may not let go before.
struct BoundNetwork {
  Network network;
  nb::object kept;
};

NoisyLayer layer_of(const nb::sequence& objects, std::size_t num_inputs) {
  const std::vector<Array> arrays = arrays_of(objects);
  if (arrays.size() != 6) throw std::invalid_argument("A noisy layer has four arrays of weights and two of noise.");
  const NoisyWeights weights = weights_of(arrays[0], arrays[1], arrays[2], arrays[3]);
  if (weights.num_inputs != num_inputs) {
    throw std::invalid_argument("A layer of " + std::to_string(weights.num_inputs) + " inputs is given " +
                                std::to_string(num_inputs) + ".");
  }
  return {weights, bf16_of("noise_in", arrays[4], {weights.num_inputs}),
          bf16_of("noise_out", arrays[5], {weights.num_outputs})};
}

std::optional<Embedding> embedding_of(const nb::object& object, std::size_t num_features) {
  if (object.is_none()) return std::nullopt;
  const std::vector<Array> arrays = arrays_of(nb::cast<nb::sequence>(object));
  if (arrays.size() != 2) throw std::invalid_argument("An embedding has a weight and a bias.");
  const Array& weight = arrays[0];
  const std::size_t num_cosines = weight.num_axes() == 2 ? weight.length(1) : 0;
  if (num_cosines == 0 || num_cosines % kStrip != 0 || num_features % kStrip != 0) {
    throw std::invalid_argument("The weights must be of shape [features, cosines], both multiples of " +
                                std::to_string(kStrip) + ", not " + weight.shape_text() + ".");
  }
  return Embedding{bf16_of("weight", weight, {num_features, num_cosines}), bf16_of("bias", arrays[1], {num_features}),
                   num_cosines};
}

void make(BoundNetwork* place, const nb::object& convolutions, const nb::sequence& weights, const nb::sequence& biases,
          const nb::object& embedding, const nb::sequence& hidden, const nb::sequence& heads) {
  const auto& stack = nb::cast<const Stack&>(convolutions);
  const std::size_t num_features = stack.num_features();
  const NoisyLayer between = layer_of(hidden, num_features);
  std::vector<NoisyLayer> found;
  for (const nb::handle head : heads) {
    found.push_back(layer_of(nb::cast<nb::sequence>(head), between.weights.num_outputs));
  }
  new (place) BoundNetwork{{stack, convolutions_of(stack, arrays_of(weights), arrays_of(biases)),
                            embedding_of(embedding, num_features), between, std::move(found)},
                           nb::make_tuple(convolutions, weights, biases, embedding, hidden, heads)};
}

FractionSets sets_of(const Network& network, const nb::object& object, std::size_t num_pictures) {
  if (object.is_none() == network.embedding().has_value()) {
    throw std::invalid_argument("Fractions are given where there is an embedding, and nowhere else.");
  }
  if (object.is_none()) return {};
  const Array fractions(object);
  const std::size_t num_sets = fractions.num_rows() == 1 ? 1 : num_pictures;
  const std::size_t num_fractions = fractions.num_axes() == 2 ? fractions.length(1) : 0;
  if (num_fractions == 0) throw std::invalid_argument("fractions must be of shape [pictures or 1, fractions].");
  return {float_of("fractions", fractions, {num_sets, num_fractions}), num_sets, num_fractions};
}

// One for each head, [rows, its outputs].
std::vector<Bf16*> heads_of(const Network& network, const nb::sequence& objects, std::size_t num_rows) {
  const std::vector<Array> arrays = arrays_of(objects);
  if (arrays.size() != network.num_heads()) throw std::invalid_argument("There must be an array for every head.");
  std::vector<Bf16*> found;
  for (std::size_t head = 0; head < arrays.size(); ++head) {
    const std::size_t num_outputs = network.noisy_layers()[head + 1].weights.num_outputs;
    found.push_back(bf16_of("That of a head", arrays[head], {num_rows, num_outputs}));
  }
  return found;
}

void forward(BoundNetwork& bound, const Array& observation, const nb::object& fractions, const nb::sequence& outputs,
             unsigned num_threads) {
  Network& network = bound.network;
  const std::size_t num_pictures = count_pictures(network.stack(), observation);
  const FractionSets sets = sets_of(network, fractions, num_pictures);
  const std::vector<Bf16*> to = heads_of(network, outputs, num_pictures * sets.num_fractions);
  const nb::gil_scoped_release release;
  network.forward(static_cast<const std::uint8_t*>(observation.data()), num_pictures, sets, to, num_threads);
}

std::uint64_t forward_to_learn(BoundNetwork& bound, const Array& observation, const nb::object& fractions,
                               const nb::sequence& outputs, unsigned num_threads) {
  Network& network = bound.network;
  const std::size_t num_pictures = count_pictures(network.stack(), observation);
  const FractionSets sets = sets_of(network, fractions, num_pictures);
  if (network.embedding() && sets.num_sets != num_pictures) {
    throw std::invalid_argument("Fractions for all rows have no way back.");
  }
  const std::vector<Bf16*> to = heads_of(network, outputs, num_pictures * sets.num_fractions);
  const nb::gil_scoped_release release;
  return network.forward_to_learn(static_cast<const std::uint8_t*>(observation.data()), num_pictures, sets, to,
                                  num_threads);
}

NoisyGradients noisy_gradients_of(const NoisyWeights& weights, const std::vector<Array>& arrays, std::size_t first) {
  return {bf16_of("mean_gradient", arrays[first], {weights.num_outputs, weights.num_inputs}),
          bf16_of("sigma_gradient", arrays[first + 1], {weights.num_outputs, weights.num_inputs}),
          bf16_of("mean_bias_gradient", arrays[first + 2], {weights.num_outputs}),
          bf16_of("sigma_bias_gradient", arrays[first + 3], {weights.num_outputs})};
}

NetworkGradients gradients_of(const Network& network, const Array& convolutions, const std::vector<Array>& others) {
  const std::optional<Embedding>& embedding = network.embedding();
  const std::size_t num_features = network.stack().num_features();
  std::size_t at = embedding ? 2 : 0;
  if (others.size() != at + 4 * network.noisy_layers().size()) {
    throw std::invalid_argument("There must be a gradient for every parameter.");
  }
  NetworkGradients found{float_of("The gradient of the convolutions", convolutions, {network.stack().num_parameters()}),
                         nullptr, nullptr, {}};
  if (embedding) {
    found.embedding = bf16_of("weight_gradient", others[0], {num_features, embedding->num_cosines});
    found.embedding_bias = bf16_of("bias_gradient", others[1], {num_features});
  }
  for (const NoisyLayer& layer : network.noisy_layers()) {
    found.noisy.push_back(noisy_gradients_of(layer.weights, others, at));
    at += 4;
  }
  return found;
}

void backward(BoundNetwork& bound, std::uint64_t number, const Array& observation, const nb::sequence& gradients,
              const Array& convolutions, const nb::sequence& others, unsigned num_threads) {
  Network& network = bound.network;
  const std::size_t num_rows = network.num_kept_rows(number), num_pictures = count_pictures(network.stack(), observation);
  if (num_pictures != network.num_kept_pictures()) throw std::invalid_argument("The pictures are not those of before.");
  const std::vector<Bf16*> found = heads_of(network, gradients, num_rows);
  const NetworkGradients to = gradients_of(network, convolutions, arrays_of(others));
  const nb::gil_scoped_release release;
  network.backward(number, static_cast<const std::uint8_t*>(observation.data()), {found.begin(), found.end()}, to,
                   num_threads);
}

}  // namespace

void bind_network(nb::module_& module) {
  using namespace nb::literals;
  nb::class_<BoundNetwork>(module, "Network", "Convolutions, a noisy hidden layer and noisy heads.")
      .def("__init__", &make, "convolutions"_a, "weights"_a, "biases"_a, "embedding"_a.none(), "hidden"_a, "heads"_a)
      .def("forward", &forward, "observation"_a, "fractions"_a.none(), "outputs"_a, "num_threads"_a)
      .def("forward_to_learn", &forward_to_learn, "observation"_a, "fractions"_a.none(), "outputs"_a, "num_threads"_a)
      .def("backward", &backward, "number"_a, "observation"_a, "gradients"_a, "convolutions"_a, "others"_a,
           "num_threads"_a);
}

}  // namespace ngp::kernels
