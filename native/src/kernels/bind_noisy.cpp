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

}  // namespace

void bind_noisy(nb::module_& module) {
  using namespace nb::literals;
  module.def("noisy_forward", &forward, "input"_a, "mean"_a, "sigma"_a, "mean_bias"_a, "sigma_bias"_a, "noise_in"_a,
             "noise_out"_a, "is_rectified"_a, "strips"_a.none(), "output"_a, "num_threads"_a);
  module.def("count_strip_packs", &count_strip_packs, "num_inputs"_a, "num_outputs"_a);
  module.def("noisy_backward", &backward, "input"_a, "mean"_a, "sigma"_a, "mean_bias"_a, "sigma_bias"_a,
             "noise_in"_a, "noise_out"_a, "strips"_a, "output"_a.none(), "gradient"_a, "input_gradient"_a.none(),
             "mean_gradient"_a, "sigma_gradient"_a, "mean_bias_gradient"_a, "sigma_bias_gradient"_a, "num_threads"_a);
}

}  // namespace ngp::kernels
