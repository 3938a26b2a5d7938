// Quantiles of returns as Python sees them.
#include "arrays.hpp"
#include "quantiles.hpp"

namespace ngp::kernels {
namespace {

// `value` is of shape [B, N, 1], `advantage` of [B, N, A].
Quantiles quantiles_of(const Array& value, const Array& advantage) {
  if (advantage.num_axes() != 3 || advantage.num_numbers() == 0) {
    throw std::invalid_argument("advantage must be of shape [rows, fractions, actions], not " +
                                advantage.shape_text() + ".");
  }
  const std::size_t num_rows = advantage.length(0), num_fractions = advantage.length(1);
  return {bf16_of("value", value, {num_rows, num_fractions, 1}),
          bf16_of("advantage", advantage, {num_rows, num_fractions, advantage.length(2)}), num_rows, num_fractions,
          advantage.length(2)};
}

void average(const Array& value, const Array& advantage, const Array& means) {
  const Quantiles given = quantiles_of(value, advantage);
  average_quantiles(given, float_of("means", means, {given.num_rows, given.num_actions}));
}

void move(const Array& value, const Array& advantage, const Array& action, const Array& reward, const Array& factor,
          const Array& target) {
  const Quantiles given = quantiles_of(value, advantage);
  move_quantiles(given, actions_of(action, given.num_rows, given.num_actions),
                 float_of("reward", reward, {given.num_rows}), float_of("factor", factor, {given.num_rows}),
                 float_of("target", target, {given.num_rows, given.num_fractions}));
}

void compare(const Array& value, const Array& advantage, const Array& action, const Array& fraction,
             const Array& target, const Array& errors, const Array& change) {
  const Quantiles given = quantiles_of(value, advantage);
  const std::size_t num_targets = target.num_axes() == 2 ? target.length(1) : 0;
  quantile_errors(given, actions_of(action, given.num_rows, given.num_actions),
                  float_of("fraction", fraction, {given.num_rows, given.num_fractions}),
                  float_of("target", target, {given.num_rows, num_targets}), num_targets,
                  float_of("errors", errors, {given.num_rows}),
                  float_of("change", change, {given.num_rows, given.num_fractions}));
}

void compare_back(const Array& action, const Array& change, const Array& gradient, const Array& value_gradient,
                  const Array& advantage_gradient) {
  const Quantiles shape = quantiles_of(value_gradient, advantage_gradient);
  quantile_errors_back(shape, actions_of(action, shape.num_rows, shape.num_actions),
                       float_of("change", change, {shape.num_rows, shape.num_fractions}),
                       float_of("gradient", gradient, {shape.num_rows}), static_cast<Bf16*>(value_gradient.data()),
                       static_cast<Bf16*>(advantage_gradient.data()));
}

}  // namespace

void bind_quantiles(nb::module_& module) {
  using namespace nb::literals;
  module.def("average_quantiles", &average, "value"_a, "advantage"_a, "means"_a);
  module.def("move_quantiles", &move, "value"_a, "advantage"_a, "action"_a, "reward"_a, "factor"_a, "target"_a);
  module.def("quantile_errors", &compare, "value"_a, "advantage"_a, "action"_a, "fraction"_a, "target"_a, "errors"_a,
             "change"_a);
  module.def("quantile_errors_back", &compare_back, "action"_a, "change"_a, "gradient"_a, "value_gradient"_a,
             "advantage_gradient"_a);
}

}  // namespace ngp::kernels
