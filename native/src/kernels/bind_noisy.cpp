// Noisy layers as Python sees them.
#include <algorithm>
#include <vector>

#include "arrays.hpp"
#include "buffer.hpp"
#include "noisy.hpp"
#include "packing.hpp"
#include "python_lock.hpp"

namespace ngp::kernels {
namespace {

NoisyWeights weights_of(const Array& mean, const Array& sigma, const Array& mean_bias, const Array& sigma_bias) {
  if (mean.num_axes() != 2 || mean.length(1) % kStrip != 0 || mean.num_numbers() == 0) {
    throw std::invalid_argument("The weights must be of shape [outputs, inputs], the inputs a multiple of " +
                                std::to_string(kStrip) + ", not " + mean.shape_text() + ".");
  }
  const std::size_t num_outputs = mean.length(0), num_inputs = mean.length(1);
  return {reals_of("mean", mean, {num_outputs, num_inputs}),
          reals_of("sigma", sigma, {num_outputs, num_inputs}),
          reals_of("mean_bias", mean_bias, {num_outputs}),
          reals_of("sigma_bias", sigma_bias, {num_outputs}),
          nullptr,
          nullptr,
          num_inputs,
          num_outputs};
}

// Noise of float32, or stored as copies of a network have it, which is then widened into a buffer.
const float* noise_of(const char* name, const Array& noise, std::size_t count, Buffer<float>& buffer) {
  if (noise.type() == Type::kFloat32) return float_of(name, noise, {count});
  float* const widened = buffer.of(count);
  widen(reals_of(name, noise, {count}), count, widened);
  return widened;
}

// Noise that is widened stays until the next call.
NoisyWeights weights_of(const Array& mean, const Array& sigma, const Array& mean_bias, const Array& sigma_bias,
                        const Array& noise_in, const Array& noise_out) {
  static thread_local Buffer<float> widened_in, widened_out;
  NoisyWeights weights = weights_of(mean, sigma, mean_bias, sigma_bias);
  weights.noise_in = noise_of("noise_in", noise_in, weights.num_inputs, widened_in);
  weights.noise_out = noise_of("noise_out", noise_out, weights.num_outputs, widened_out);
  return weights;
}

Pack* strips_of(const Array& strips, const NoisyWeights& weights) {
  check_shape("strips", strips, {count_strip_packs(weights.num_inputs, weights.num_outputs)});
  check_type("strips", strips.type() == Type::kInt32, "int32");
  return static_cast<Pack*>(strips.data());
}

void forward(const Array& input, const Array& mean, const Array& sigma, const Array& mean_bias,
             const Array& sigma_bias, const Array& noise_in, const Array& noise_out,
             bool is_rectified, const nb::object& strips, const Array& output, unsigned num_threads) {
  const NoisyWeights weights = weights_of(mean, sigma, mean_bias, sigma_bias, noise_in, noise_out);
  const std::size_t num_rows = input.num_rows();
  const Real* const from = reals_of("input", input, {num_rows, weights.num_inputs});
  Real* const to = reals_of("output", output, {num_rows, weights.num_outputs});
  Pack* const kept = strips.is_none() ? nullptr : strips_of(Array(strips), weights);
  const python_lock::Unlocked release;
  noisy_forward(weights, from, num_rows, is_rectified, kept, to, num_threads);
}

void backward(const Array& input, const Array& mean, const Array& sigma, const Array& mean_bias,
              const Array& sigma_bias, const Array& noise_in, const Array& noise_out, const Array& strips,
              const nb::object& output, const Array& gradient, const nb::object& input_gradient,
              const Array& mean_gradient, const Array& sigma_gradient, const Array& mean_bias_gradient, const Array& sigma_bias_gradient,
              unsigned num_threads) {
  const NoisyWeights weights = weights_of(mean, sigma, mean_bias, sigma_bias, noise_in, noise_out);
  const std::size_t num_rows = input.num_rows(), num_inputs = weights.num_inputs, num_outputs = weights.num_outputs;
  const Real* const from = reals_of("input", input, {num_rows, num_inputs});
  const Real* const found = output.is_none() ? nullptr : reals_of("output", Array(output), {num_rows, num_outputs});
  const Real* const given = reals_of("gradient", gradient, {num_rows, num_outputs});
  Real* const to =
      input_gradient.is_none() ? nullptr : reals_of("input_gradient", Array(input_gradient), {num_rows, num_inputs});
  const NoisyGradients gradients{reals_of("mean_gradient", mean_gradient, {num_outputs, num_inputs}),
                                 reals_of("sigma_gradient", sigma_gradient, {num_outputs, num_inputs}),
                                 reals_of("mean_bias_gradient", mean_bias_gradient, {num_outputs}),
                                 reals_of("sigma_bias_gradient", sigma_bias_gradient, {num_outputs})};
  const Pack* const kept = strips_of(strips, weights);
  const python_lock::Unlocked release;
  noisy_backward(weights, from, num_rows, kept, found, given, to, gradients, num_threads);
}

// Fills the noise of layers, one after the other, from normal numbers, as many as all have together.
void shape_noise(const Array& drawn, const nb::sequence& noise_objects) {
  static thread_local Buffer<float> buffer;
  const std::size_t count = drawn.num_numbers();
  float* const roots = buffer.of(count);
  find_signed_roots(float_of("drawn", drawn, {count}), count, roots);
  std::size_t begin = 0;
  for (const Array& noise : arrays_of(noise_objects)) {
    const std::size_t length = noise.num_numbers();
    if (begin + length > count) throw std::invalid_argument("There are fewer numbers drawn than the layers need.");
    if (noise.type() == kReal) {
      narrow(roots + begin, length, reals_of("noise", noise, {length}));
    } else {
      std::copy_n(roots + begin, length, float_of("noise", noise, {length}));
    }
    begin += length;
  }
}

// A rectified layer, and layers on it, each as a sequence of weights and noise as `noisy_forward` names them: the calls
// that this saves take as long as the products of one picture.
struct Stacked {
  std::vector<std::vector<Array>> layers;  // the rectified one, then those on it

  Stacked(const nb::sequence& hidden, const nb::sequence& heads) {
    layers.push_back(arrays_of(hidden));
    for (const nb::handle head : heads) layers.push_back(arrays_of(nb::cast<nb::sequence>(head)));
    for (const std::vector<Array>& layer : layers) {
      if (layer.size() != 6) throw std::invalid_argument("A noisy layer has four weights and two vectors of noise.");
    }
  }

  // Noise that is widened stays until the next call.
  NoisyWeights weights(std::size_t layer) const {
    const std::vector<Array>& own = layers[layer];
    return weights_of(own[0], own[1], own[2], own[3], own[4], own[5]);
  }
};

void check_count(const char* name, std::size_t found, std::size_t wanted) {
  if (found != wanted) {
    throw std::invalid_argument(std::string(name) + " must have " + std::to_string(wanted) + " tensors, not " +
                                std::to_string(found) + ".");
  }
}

// `outputs` are those of all layers, and `strips` too, unless there are none.
void forward_stacked(const Array& input, const nb::sequence& hidden, const nb::sequence& heads,
                     const nb::sequence& strips, const nb::sequence& outputs, unsigned num_threads) {
  const Stacked stacked(hidden, heads);
  const std::vector<Array> kept = arrays_of(strips), to = arrays_of(outputs);
  check_count("outputs", to.size(), stacked.layers.size());
  if (!kept.empty()) check_count("strips", kept.size(), stacked.layers.size());
  const std::size_t num_rows = input.num_rows();
  for (std::size_t layer = 0; layer < to.size(); ++layer) {
    const NoisyWeights weights = stacked.weights(layer);
    const Real* const from = reals_of("input", layer ? to[0] : input, {num_rows, weights.num_inputs});
    Real* const found = reals_of("output", to[layer], {num_rows, weights.num_outputs});
    Pack* const own = kept.empty() ? nullptr : strips_of(kept[layer], weights);
    const python_lock::Unlocked release;
    noisy_forward(weights, from, num_rows, layer == 0, own, found, num_threads);
  }
}

NoisyGradients gradients_of(const std::vector<Array>& gradients, std::size_t layer, const NoisyWeights& weights) {
  const Array* const own = gradients.data() + 4 * layer;
  return {reals_of("mean_gradient", own[0], {weights.num_outputs, weights.num_inputs}),
          reals_of("sigma_gradient", own[1], {weights.num_outputs, weights.num_inputs}),
          reals_of("mean_bias_gradient", own[2], {weights.num_outputs}),
          reals_of("sigma_bias_gradient", own[3], {weights.num_outputs})};
}

// `gradients` are those of the outputs of the layers on the rectified one; `to` has four for each layer.
void backward_stacked(const Array& input, const nb::sequence& hidden, const nb::sequence& heads,
                      const nb::sequence& strips, const Array& output, const nb::sequence& gradients,
                      const nb::object& input_gradient, const nb::sequence& to, unsigned num_threads) {
  static thread_local Buffer<Real> sum_buffer, part_buffer;
  const Stacked stacked(hidden, heads);
  const std::vector<Array> kept = arrays_of(strips), given = arrays_of(gradients), found = arrays_of(to);
  const std::size_t num_layers = stacked.layers.size(), num_rows = input.num_rows();
  check_count("strips", kept.size(), num_layers);
  check_count("gradients", given.size(), num_layers - 1);
  check_count("to", found.size(), 4 * num_layers);
  const std::size_t num_hidden = output.num_axes() == 2 ? output.length(1) : 0;
  const Real* const between = reals_of("output", output, {num_rows, num_hidden});
  Real* const sum = sum_buffer.of(num_rows * num_hidden);
  Real* const part = part_buffer.of(num_rows * num_hidden);
  for (std::size_t layer = 1; layer < num_layers; ++layer) {
    const NoisyWeights weights = stacked.weights(layer);
    reals_of("output", output, {num_rows, weights.num_inputs});
    const Real* const from = reals_of("gradient", given[layer - 1], {num_rows, weights.num_outputs});
    const NoisyGradients own = gradients_of(found, layer, weights);
    const Pack* const packs = strips_of(kept[layer], weights);
    const python_lock::Unlocked release;
    noisy_backward(weights, between, num_rows, packs, nullptr, from, layer == 1 ? sum : part, own, num_threads);
    if (layer > 1) add(part, num_rows * num_hidden, sum);
  }
  const NoisyWeights weights = stacked.weights(0);
  reals_of("output", output, {num_rows, weights.num_outputs});
  const Real* const from = reals_of("input", input, {num_rows, weights.num_inputs});
  Real* const back = input_gradient.is_none()
                         ? nullptr
                         : reals_of("input_gradient", Array(input_gradient), {num_rows, weights.num_inputs});
  const NoisyGradients own = gradients_of(found, 0, weights);
  const Pack* const packs = strips_of(kept[0], weights);
  const python_lock::Unlocked release;
  noisy_backward(weights, from, num_rows, packs, between, sum, back, own, num_threads);
}

}  // namespace

void bind_noisy(nb::module_& module) {
  using namespace nb::literals;
  module.def("noisy_forward", &forward, "input"_a, "mean"_a, "sigma"_a, "mean_bias"_a, "sigma_bias"_a, "noise_in"_a,
             "noise_out"_a, "is_rectified"_a, "strips"_a.none(), "output"_a, "num_threads"_a);
  module.def("count_strip_packs", &count_strip_packs, "num_inputs"_a, "num_outputs"_a);
  module.def("noisy_backward", &backward, "input"_a, "mean"_a, "sigma"_a, "mean_bias"_a, "sigma_bias"_a,
             "noise_in"_a, "noise_out"_a, "strips"_a, "output"_a.none(), "gradient"_a, "input_gradient"_a.none(),
             "mean_gradient"_a, "sigma_gradient"_a, "mean_bias_gradient"_a, "sigma_bias_gradient"_a, "num_threads"_a);
  module.def("shape_noise", &shape_noise, "drawn"_a, "noise"_a);
  module.def("stacked_forward", &forward_stacked, "input"_a, "hidden"_a, "heads"_a, "strips"_a, "outputs"_a,
             "num_threads"_a);
  module.def("stacked_backward", &backward_stacked, "input"_a, "hidden"_a, "heads"_a, "strips"_a, "output"_a,
             "gradients"_a, "input_gradient"_a.none(), "to"_a, "num_threads"_a);
}

}  // namespace ngp::kernels
