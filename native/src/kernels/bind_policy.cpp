// A policy, a value and PPO's losses as Python sees them.
#include <nanobind/stl/tuple.h>

#include <tuple>

#include "arrays.hpp"
#include "policy.hpp"
#include "python_lock.hpp"

namespace ngp::kernels {
namespace {

constexpr std::size_t kStep = 16;

PolicyWeights weights_of(const Array& policy, const Array& policy_bias, const Array& value, const Array& value_bias) {
  if (policy.num_axes() != 2 || policy.num_numbers() == 0 || policy.length(1) % kStep != 0) {
    throw std::invalid_argument("policy must be of shape [actions, inputs], the inputs a multiple of " +
                                std::to_string(kStep) + ", not " + policy.shape_text() + ".");
  }
  const std::size_t num_actions = policy.length(0), num_inputs = policy.length(1);
  return {reals_of("policy", policy, {num_actions, num_inputs}),
          reals_of("policy_bias", policy_bias, {num_actions}),
          reals_of("value", value, {1, num_inputs}),
          reals_of("value_bias", value_bias, {1}),
          num_inputs,
          num_actions};
}

void policy_rows(const Array& hidden, const Array& policy, const Array& policy_bias, const Array& value,
                const Array& value_bias, const Array& log_probabilities, const Array& values) {
  const PolicyWeights weights = weights_of(policy, policy_bias, value, value_bias);
  const std::size_t num_rows = hidden.num_rows();
  const Real* const from = reals_of("hidden", hidden, {num_rows, weights.num_inputs});
  float* const logs = float_of("log_probabilities", log_probabilities, {num_rows, weights.num_actions});
  float* const to = float_of("values", values, {num_rows});
  const python_lock::Unlocked release;
  find_policy(weights, from, num_rows, logs, to);
}

void policy_rows_back(const Array& hidden, const Array& policy, const Array& policy_bias, const Array& value,
                     const Array& value_bias, const Array& log_probabilities, const Array& log_gradient,
                     const Array& value_gradient, const Array& hidden_gradient, const Array& policy_to,
                     const Array& policy_bias_to, const Array& value_to, const Array& value_bias_to) {
  const PolicyWeights weights = weights_of(policy, policy_bias, value, value_bias);
  const std::size_t num_rows = hidden.num_rows(), num_actions = weights.num_actions, num_inputs = weights.num_inputs;
  const Real* const from = reals_of("hidden", hidden, {num_rows, num_inputs});
  const float* const logs = float_of("log_probabilities", log_probabilities, {num_rows, num_actions});
  const float* const of_logs = float_of("log_gradient", log_gradient, {num_rows, num_actions});
  const float* const of_values = float_of("value_gradient", value_gradient, {num_rows});
  const PolicyGradients to{reals_of("hidden_gradient", hidden_gradient, {num_rows, num_inputs}),
                           reals_of("policy_to", policy_to, {num_actions, num_inputs}),
                           reals_of("policy_bias_to", policy_bias_to, {num_actions}),
                           reals_of("value_to", value_to, {1, num_inputs}),
                           reals_of("value_bias_to", value_bias_to, {1})};
  const python_lock::Unlocked release;
  find_policy_back(weights, from, num_rows, logs, of_logs, of_values, to);
}

void few_rows(const Array& input, const Array& weight, const Array& bias, const Array& output, unsigned num_threads) {
  constexpr std::size_t kFewStep = 32;
  if (weight.num_axes() != 2 || weight.num_numbers() == 0 || weight.length(1) % kFewStep != 0) {
    throw std::invalid_argument("weight must be of shape [outputs, inputs], the inputs a multiple of " +
                                std::to_string(kFewStep) + ", not " + weight.shape_text() + ".");
  }
  const std::size_t num_rows = input.num_rows(), num_outputs = weight.length(0), num_inputs = weight.length(1);
  const Real* const weights = reals_of("weight", weight, {num_outputs, num_inputs});
  const Real* const biases = reals_of("bias", bias, {num_outputs});
  const Real* const from = reals_of("input", input, {num_rows, num_inputs});
  Real* const to = reals_of("output", output, {num_rows, num_outputs});
  const python_lock::Unlocked release;
  multiply_few_rows(weights, biases, num_inputs, num_outputs, from, num_rows, to, num_threads);
}

void draw(const Array& log_probabilities, const Array& race, const Array& action, const Array& chosen) {
  const std::size_t num_rows = log_probabilities.num_rows();
  if (log_probabilities.num_axes() != 2 || log_probabilities.num_numbers() == 0) {
    throw std::invalid_argument("log_probabilities must be of shape [rows, actions], not " +
                                log_probabilities.shape_text() + ".");
  }
  const std::size_t num_actions = log_probabilities.length(1);
  check_shape("action", action, {num_rows});
  check_type("action", action.type() == Type::kInt64, "int64");
  draw_actions(float_of("log_probabilities", log_probabilities, {num_rows, num_actions}),
               float_of("race", race, {num_rows, num_actions}), num_rows, num_actions,
               static_cast<std::int64_t*>(action.data()), float_of("chosen", chosen, {num_rows}));
}

std::tuple<float, float, float, float, float, float> surrogate(
    const Array& log_probabilities, const Array& values, const Array& action, const Array& log_probability,
    const Array& value, const Array& advantage, const Array& target, const Array& reference, float clip,
    float value_clip, float value_weight, float entropy_weight, float reference_weight, const Array& log_gradient,
    const Array& value_gradient) {
  if (log_probabilities.num_axes() != 2 || log_probabilities.num_numbers() == 0) {
    throw std::invalid_argument("log_probabilities must be of shape [rows, actions], not " +
                                log_probabilities.shape_text() + ".");
  }
  const std::size_t num_rows = log_probabilities.length(0), num_actions = log_probabilities.length(1);
  const bool has_reference = reference.num_numbers() != 0;
  const Played played{
      actions_of(action, num_rows, num_actions), float_of("log_probability", log_probability, {num_rows}),
      float_of("value", value, {num_rows}), float_of("advantage", advantage, {num_rows}),
      float_of("target", target, {num_rows}),
      has_reference ? float_of("reference", reference, {num_rows, num_actions}) : nullptr, num_rows, num_actions};
  const SurrogateFigures found = find_surrogate(
      played, {clip, value_clip, value_weight, entropy_weight, reference_weight},
      float_of("log_probabilities", log_probabilities, {num_rows, num_actions}), float_of("values", values, {num_rows}),
      float_of("log_gradient", log_gradient, {num_rows, num_actions}),
      float_of("value_gradient", value_gradient, {num_rows}));
  return {found.policy_loss, found.value_loss, found.entropy, found.divergence, found.drift, found.clipped};
}

}  // namespace

void bind_policy(nb::module_& module) {
  using namespace nb::literals;
  module.def("find_policy", &policy_rows, "hidden"_a, "policy"_a, "policy_bias"_a, "value"_a, "value_bias"_a,
             "log_probabilities"_a, "values"_a);
  module.def("find_policy_back", &policy_rows_back, "hidden"_a, "policy"_a, "policy_bias"_a, "value"_a, "value_bias"_a,
             "log_probabilities"_a, "log_gradient"_a, "value_gradient"_a, "hidden_gradient"_a, "policy_to"_a,
             "policy_bias_to"_a, "value_to"_a, "value_bias_to"_a);
  module.def("multiply_few_rows", &few_rows, "input"_a, "weight"_a, "bias"_a, "output"_a, "num_threads"_a);
  module.def("draw_actions", &draw, "log_probabilities"_a, "race"_a, "action"_a, "chosen"_a);
  module.def("surrogate", &surrogate, "log_probabilities"_a, "values"_a, "action"_a, "log_probability"_a, "value"_a,
             "advantage"_a, "target"_a, "reference"_a, "clip"_a, "value_clip"_a, "value_weight"_a, "entropy_weight"_a,
             "reference_weight"_a, "log_gradient"_a, "value_gradient"_a);
}

}  // namespace ngp::kernels
