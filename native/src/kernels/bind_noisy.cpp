// Noisy layers as Python sees them.
#include <optional>

#include <nanobind/stl/optional.h>

#include "arrays.hpp"
#include "noisy.hpp"

namespace ngp::kernels {
namespace {

// What a layer's arrays have in common.
NoisyWeights weights_of(const Array& mean, const Array& sigma, const Array& mean_bias, const Array& sigma_bias,
                        const Array& noise_in, const Array& noise_out) {
  if (mean.ndim() != 2 || mean.shape(1) % kStrip != 0 || mean.shape(0) == 0 || mean.shape(1) == 0) {
    throw std::invalid_argument("The weights must be of shape [outputs, inputs], the inputs a multiple of " +
                                std::to_string(kStrip) + ", not " + shape_of(mean) + ".");
  }
  const std::size_t num_outputs = mean.shape(0), num_inputs = mean.shape(1);
  return {bf16_of("mean", mean, {num_outputs, num_inputs}),
          bf16_of("sigma", sigma, {num_outputs, num_inputs}),
          bf16_of("mean_bias", mean_bias, {num_outputs}),
          bf16_of("sigma_bias", sigma_bias, {num_outputs}),
          float_of("noise_in", noise_in, {num_inputs}),
          float_of("noise_out", noise_out, {num_outputs}),
          num_inputs,
          num_outputs};
}

std::size_t count_rows(const Array& input) { return input.ndim() ? input.shape(0) : 0; }

Pair* strips_of(const Array& strips, const NoisyWeights& weights) {
  check_shape("strips", strips, {num_strip_pairs(weights.num_inputs, weights.num_outputs)});
  check_type("strips", strips.dtype() == nb::dtype<std::int32_t>(), "int32");
  return static_cast<Pair*>(strips.data());
}

void forward(const Array& input, const Array& mean, const Array& sigma, const Array& mean_bias,
             const Array& sigma_bias, const Array& noise_in, const Array& noise_out,
             const std::optional<Array>& strips, const Array& output, unsigned num_threads) {
  const NoisyWeights weights = weights_of(mean, sigma, mean_bias, sigma_bias, noise_in, noise_out);
  const std::size_t num_rows = count_rows(input);
  const Bf16* const from = bf16_of("input", input, {num_rows, weights.num_inputs});
  Bf16* const to = bf16_of("output", output, {num_rows, weights.num_outputs});
  Pair* const kept = strips ? strips_of(*strips, weights) : nullptr;
  const nb::gil_scoped_release release;
  noisy_forward(weights, from, num_rows, kept, to, std::max(1U, num_threads));
}

void backward(const Array& input, const Array& mean, const Array& sigma, const Array& mean_bias,
              const Array& sigma_bias, const Array& noise_in, const Array& noise_out, const Array& strips,
              const Array& gradient, const std::optional<Array>& input_gradient, const Array& mean_gradient,
              const Array& sigma_gradient, const Array& mean_bias_gradient, const Array& sigma_bias_gradient,
              unsigned num_threads) {
  const NoisyWeights weights = weights_of(mean, sigma, mean_bias, sigma_bias, noise_in, noise_out);
  const std::size_t num_rows = count_rows(input), num_inputs = weights.num_inputs, num_outputs = weights.num_outputs;
  const Bf16* const from = bf16_of("input", input, {num_rows, num_inputs});
  const Bf16* const given = bf16_of("gradient", gradient, {num_rows, num_outputs});
  Bf16* const to =
      input_gradient ? bf16_of("input_gradient", *input_gradient, {num_rows, num_inputs}) : nullptr;
  const NoisyGradients gradients{bf16_of("mean_gradient", mean_gradient, {num_outputs, num_inputs}),
                                 bf16_of("sigma_gradient", sigma_gradient, {num_outputs, num_inputs}),
                                 bf16_of("mean_bias_gradient", mean_bias_gradient, {num_outputs}),
                                 bf16_of("sigma_bias_gradient", sigma_bias_gradient, {num_outputs})};
  const Pair* const kept = strips_of(strips, weights);
  const nb::gil_scoped_release release;
  noisy_backward(weights, from, num_rows, kept, given, to, gradients, std::max(1U, num_threads));
}

}  // namespace

void bind_noisy(nb::module_& module) {
  using namespace nb::literals;
  module.def("noisy_forward", &forward, "input"_a, "mean"_a, "sigma"_a, "mean_bias"_a, "sigma_bias"_a, "noise_in"_a,
             "noise_out"_a, "strips"_a.none(), "output"_a, "num_threads"_a);
  module.def("noisy_backward", &backward, "input"_a, "mean"_a, "sigma"_a, "mean_bias"_a, "sigma_bias"_a,
             "noise_in"_a, "noise_out"_a, "strips"_a, "gradient"_a, "input_gradient"_a.none(), "mean_gradient"_a,
             "sigma_gradient"_a, "mean_bias_gradient"_a, "sigma_bias_gradient"_a, "num_threads"_a);
}

}  // namespace ngp::kernels
