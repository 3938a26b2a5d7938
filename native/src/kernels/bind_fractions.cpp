// What fractions mean to features, as Python sees it.
#include "arrays.hpp"
#include "fractions.hpp"
#include "python_lock.hpp"

namespace ngp::kernels {
namespace {

// What both directions are given; `lines` is of shape [M, F], and there are as many sets of fractions as cosines tell.
Fractions fractions_of(const Array& features, const Array& lines, const Array& weight, const Array& bias,
                       const Array& cosines) {
  if (weight.num_axes() != 2 || weight.num_numbers() == 0 || weight.length(0) % kStrip != 0 ||
      weight.length(1) % kStrip != 0) {
    throw std::invalid_argument("The weights must be of shape [features, cosines], both multiples of " +
                                std::to_string(kStrip) + ", not " + weight.shape_text() + ".");
  }
  const std::size_t num_rows = features.num_rows(), num_lines = lines.num_rows();
  const std::size_t num_features = weight.length(0), num_cosines = weight.length(1);
  if (num_rows == 0 || num_lines % num_rows != 0) {
    throw std::invalid_argument("Every row of features must have the same number of fractions.");
  }
  const std::size_t num_fractions = num_lines / num_rows;
  const std::size_t num_sets = cosines.num_rows() == num_fractions ? 1 : num_rows;
  return {reals_of("weight", weight, {num_features, num_cosines}),
          reals_of("bias", bias, {num_features}),
          reals_of("features", features, {num_rows, num_features}),
          reals_of("cosines", cosines, {num_sets * num_fractions, num_cosines}),
          num_rows, num_sets, num_fractions, num_cosines, num_features};
}

Real* lines_of(const char* name, const Array& lines, const Fractions& given) {
  return reals_of(name, lines, {given.num_rows * given.num_fractions, given.num_features});
}

void forward(const Array& features, const Array& fractions, const Array& weight, const Array& bias,
             const Array& cosines, const nb::object& embedding, const Array& output, unsigned num_threads) {
  const Fractions given = fractions_of(features, output, weight, bias, cosines);
  const float* const from = float_of("fractions", fractions, {given.num_sets, given.num_fractions});
  Real* const kept = embedding.is_none() ? nullptr : lines_of("embedding", Array(embedding), given);
  Real* const to = lines_of("output", output, given);
  const python_lock::Unlocked release;
  embed_forward(given, from, kept, to, num_threads);
}

void backward(const Array& features, const Array& weight, const Array& bias, const Array& cosines,
              const Array& embedding, const Array& gradient, const Array& features_gradient,
              const Array& weight_gradient, const Array& bias_gradient, unsigned num_threads) {
  const Fractions given = fractions_of(features, gradient, weight, bias, cosines);
  if (given.num_sets != given.num_rows) throw std::invalid_argument("Fractions for all rows have no way back.");
  const Real* const found = lines_of("embedding", embedding, given);
  const Real* const from = lines_of("gradient", gradient, given);
  const FractionGradients gradients{reals_of("features_gradient", features_gradient, {given.num_rows, given.num_features}),
                                    reals_of("weight_gradient", weight_gradient, {given.num_features, given.num_cosines}),
                                    reals_of("bias_gradient", bias_gradient, {given.num_features})};
  const python_lock::Unlocked release;
  embed_backward(given, found, from, gradients, num_threads);
}

}  // namespace

void bind_fractions(nb::module_& module) {
  using namespace nb::literals;
  module.def("embed_forward", &forward, "features"_a, "fractions"_a, "weight"_a, "bias"_a, "cosines"_a,
             "embedding"_a.none(), "output"_a, "num_threads"_a);
  module.def("embed_backward", &backward, "features"_a, "weight"_a, "bias"_a, "cosines"_a, "embedding"_a, "gradient"_a,
             "features_gradient"_a, "weight_gradient"_a, "bias_gradient"_a, "num_threads"_a);
}

}  // namespace ngp::kernels
