// Distributions of returns on atoms as Python sees them.
#include "arrays.hpp"
#include "dueling.hpp"

namespace ngp::kernels {
namespace {

// `advantage` is of shape [B, A * N], `value` of [B, N].
Dueling dueling_of(const Array& value, const Array& advantage) {
  const std::size_t num_rows = value.num_rows(), num_atoms = value.num_axes() == 2 ? value.length(1) : 0;
  if (num_atoms < 2 || num_atoms > kMaxAtoms) {
    throw std::invalid_argument("value must be of shape [rows, atoms], 2 to " + std::to_string(kMaxAtoms) +
                                " atoms, not " + value.shape_text() + ".");
  }
  const std::size_t num_actions = advantage.num_axes() == 2 ? advantage.length(1) / num_atoms : 0;
  if (num_actions == 0) throw std::invalid_argument("advantage must be of shape [rows, actions * atoms].");
  return {bf16_of("value", value, {num_rows, num_atoms}),
          bf16_of("advantage", advantage, {num_rows, num_actions * num_atoms}), num_rows, num_actions, num_atoms};
}

void expect(const Array& value, const Array& advantage, const Array& atoms, const Array& means) {
  const Dueling given = dueling_of(value, advantage);
  expect_returns(given, float_of("atoms", atoms, {given.num_atoms}),
                 float_of("means", means, {given.num_rows, given.num_actions}));
}

void project(const Array& value, const Array& advantage, const Array& action, const Array& reward,
             const Array& factor, const Array& atoms, const Array& target) {
  const Dueling given = dueling_of(value, advantage);
  project_returns(given, actions_of(action, given.num_rows, given.num_actions), float_of("reward", reward, {given.num_rows}),
                  float_of("factor", factor, {given.num_rows}), float_of("atoms", atoms, {given.num_atoms}),
                  float_of("target", target, {given.num_rows, given.num_atoms}));
}

void compare(const Array& value, const Array& advantage, const Array& action, const Array& target,
             const Array& errors, const Array& change) {
  const Dueling given = dueling_of(value, advantage);
  cross_entropies(given, actions_of(action, given.num_rows, given.num_actions), float_of("target", target, {given.num_rows, given.num_atoms}),
                  float_of("errors", errors, {given.num_rows}),
                  float_of("change", change, {given.num_rows, given.num_atoms}));
}

void compare_back(const Array& action, const Array& change, const Array& gradient, const Array& value_gradient,
                  const Array& advantage_gradient) {
  const Dueling shape = dueling_of(value_gradient, advantage_gradient);
  cross_entropies_back(shape, actions_of(action, shape.num_rows, shape.num_actions),
                       float_of("change", change, {shape.num_rows, shape.num_atoms}),
                       float_of("gradient", gradient, {shape.num_rows}), static_cast<Bf16*>(value_gradient.data()),
                       static_cast<Bf16*>(advantage_gradient.data()));
}

}  // namespace

void bind_dueling(nb::module_& module) {
  using namespace nb::literals;
  module.def("expect_returns", &expect, "value"_a, "advantage"_a, "atoms"_a, "means"_a);
  module.def("project_returns", &project, "value"_a, "advantage"_a, "action"_a, "reward"_a, "factor"_a, "atoms"_a,
             "target"_a);
  module.def("cross_entropies", &compare, "value"_a, "advantage"_a, "action"_a, "target"_a, "errors"_a, "change"_a);
  module.def("cross_entropies_back", &compare_back, "action"_a, "change"_a, "gradient"_a, "value_gradient"_a,
             "advantage_gradient"_a);
}

}  // namespace ngp::kernels
