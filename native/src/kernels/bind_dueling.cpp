// Distributions of returns as Python sees them.
#include "arrays.hpp"
#include "dueling.hpp"

namespace ngp::kernels {
namespace {

// Of atoms, `value` is of shape [B, N] and `advantage` of [B, A * N]; of quantiles, of [B, N, 1] and [B, N, A].
DuelingShape shape_of(const Array& value, const Array& advantage) {
  const bool has_atoms = value.num_axes() == 2;
  if (!(has_atoms || value.num_axes() == 3) || value.num_numbers() == 0 || advantage.num_axes() != value.num_axes()) {
    throw std::invalid_argument(
        "value and advantage must be of shapes [B, N] and [B, A * N], or [B, N, 1] and [B, N, A], not " +
        value.shape_text() + " and " + advantage.shape_text() + ".");
  }
  const std::size_t num_numbers = value.length(1);
  if (has_atoms && num_numbers < 2) throw std::invalid_argument("There must be at least two atoms.");
  const std::size_t num_actions = has_atoms ? advantage.length(1) / num_numbers : advantage.length(2);
  if (num_actions == 0) throw std::invalid_argument("There must be at least one action.");
  return {value.num_rows(), num_actions, num_numbers, has_atoms};
}

Real* value_of(const Array& value, const DuelingShape& shape) {
  if (shape.is_by_action) return reals_of("value", value, {shape.num_rows, shape.num_numbers});
  return reals_of("value", value, {shape.num_rows, shape.num_numbers, 1});
}

Real* advantage_of(const Array& advantage, const DuelingShape& shape) {
  if (shape.is_by_action) {
    return reals_of("advantage", advantage, {shape.num_rows, shape.num_actions * shape.num_numbers});
  }
  return reals_of("advantage", advantage, {shape.num_rows, shape.num_numbers, shape.num_actions});
}

Dueling dueling_of(const Array& value, const Array& advantage, bool has_atoms) {
  const DuelingShape shape = shape_of(value, advantage);
  if (shape.is_by_action != has_atoms) {
    throw std::invalid_argument("Atoms have values of two axes, quantiles of three.");
  }
  return {value_of(value, shape), advantage_of(advantage, shape), shape};
}

const std::int64_t* actions_in(const Array& action, const DuelingShape& shape) {
  return actions_of(action, shape.num_rows, shape.num_actions);
}

// One number for each row, or for each row and atom or fraction.
float* each(const char* name, const Array& array, const DuelingShape& shape) {
  return float_of(name, array, {shape.num_rows});
}
float* all_of(const char* name, const Array& array, const DuelingShape& shape) {
  return float_of(name, array, {shape.num_rows, shape.num_numbers});
}
float* means_of(const Array& means, const DuelingShape& shape) {
  return float_of("means", means, {shape.num_rows, shape.num_actions});
}

void expect(const Array& value, const Array& advantage, const Array& atoms, const Array& means) {
  const Dueling given = dueling_of(value, advantage, true);
  expect_returns(given, float_of("atoms", atoms, {given.shape.num_numbers}), means_of(means, given.shape));
}

void project(const Array& value, const Array& advantage, const Array& action, const Array& reward,
             const Array& factor, const Array& atoms, const Array& target) {
  const Dueling given = dueling_of(value, advantage, true);
  project_returns(given, actions_in(action, given.shape), each("reward", reward, given.shape),
                  each("factor", factor, given.shape), float_of("atoms", atoms, {given.shape.num_numbers}),
                  all_of("target", target, given.shape));
}

void cross_entropies(const Array& value, const Array& advantage, const Array& action, const Array& target,
                     const Array& errors, const Array& change) {
  const Dueling given = dueling_of(value, advantage, true);
  find_cross_entropies(given, actions_in(action, given.shape), all_of("target", target, given.shape),
                       each("errors", errors, given.shape), all_of("change", change, given.shape));
}

void average(const Array& value, const Array& advantage, const Array& means) {
  const Dueling given = dueling_of(value, advantage, false);
  average_quantiles(given, means_of(means, given.shape));
}

void move(const Array& value, const Array& advantage, const Array& action, const Array& reward, const Array& factor,
          const Array& target) {
  const Dueling given = dueling_of(value, advantage, false);
  move_quantiles(given, actions_in(action, given.shape), each("reward", reward, given.shape),
                 each("factor", factor, given.shape), all_of("target", target, given.shape));
}

void quantile_errors(const Array& value, const Array& advantage, const Array& action, const Array& fraction,
                     const Array& target, const Array& errors, const Array& change) {
  const Dueling given = dueling_of(value, advantage, false);
  const std::size_t num_targets = target.num_axes() == 2 ? target.length(1) : 0;
  if (num_targets == 0) {
    throw std::invalid_argument("target must be of shape [rows, targets], not " + target.shape_text() + ".");
  }
  find_quantile_errors(given, actions_in(action, given.shape), all_of("fraction", fraction, given.shape),
                       float_of("target", target, {given.shape.num_rows, num_targets}), num_targets,
                       each("errors", errors, given.shape), all_of("change", change, given.shape));
}

void back(const Array& action, const Array& change, const Array& gradient, const Array& value_gradient,
          const Array& advantage_gradient) {
  const DuelingShape shape = shape_of(value_gradient, advantage_gradient);
  find_dueling_back(shape, actions_in(action, shape), all_of("change", change, shape),
                    each("gradient", gradient, shape), value_of(value_gradient, shape),
                    advantage_of(advantage_gradient, shape));
}

}  // namespace

void bind_dueling(nb::module_& module) {
  using namespace nb::literals;
  module.def("expect_returns", &expect, "value"_a, "advantage"_a, "atoms"_a, "means"_a);
  module.def("project_returns", &project, "value"_a, "advantage"_a, "action"_a, "reward"_a, "factor"_a, "atoms"_a,
             "target"_a);
  module.def("cross_entropies", &cross_entropies, "value"_a, "advantage"_a, "action"_a, "target"_a, "errors"_a,
             "change"_a);
  module.def("average_quantiles", &average, "value"_a, "advantage"_a, "means"_a);
  module.def("move_quantiles", &move, "value"_a, "advantage"_a, "action"_a, "reward"_a, "factor"_a, "target"_a);
  module.def("quantile_errors", &quantile_errors, "value"_a, "advantage"_a, "action"_a, "fraction"_a, "target"_a,
             "errors"_a, "change"_a);
  module.def("dueling_backward", &back, "action"_a, "change"_a, "gradient"_a, "value_gradient"_a,
             "advantage_gradient"_a);
}

}  // namespace ngp::kernels
