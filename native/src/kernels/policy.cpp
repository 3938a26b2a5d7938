#include "policy.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "buffer.hpp"
#include "packing.hpp"
#include "policy_parts.hpp"
#include "team.hpp"

namespace ngp::kernels {
namespace {

// Weights of float32 of the actions and then of the value, [A + 1][H], until the next call.
const float* join_weights(const PolicyWeights& weights) {
  static thread_local Buffer<float> buffer;
  const std::size_t count = weights.num_actions * weights.num_inputs;
  float* const to = buffer.of(count + weights.num_inputs);
  widen(weights.policy, count, to);
  widen(weights.value, weights.num_inputs, to + count);
  return to;
}

// The logarithm of a softmax of `count` numbers, in their place.
void normalise(float* numbers, std::size_t count) {
  const float most = *std::max_element(numbers, numbers + count);
  float sum = 0;
  for (std::size_t at = 0; at < count; ++at) sum += std::exp(numbers[at] - most);
  const float offset = most + std::log(sum);
  for (std::size_t at = 0; at < count; ++at) numbers[at] -= offset;
}

}  // namespace

void find_policy(const PolicyWeights& weights, const Real* hidden, std::size_t num_rows, float* log_probabilities,
                 float* value) {
  static thread_local Buffer<float> buffer, bias_buffer;
  const std::size_t num_actions = weights.num_actions, num_outputs = num_actions + 1;
  float* const sums = buffer.of(num_rows * num_outputs);
  float* const bias = bias_buffer.of(num_outputs);
  widen(weights.policy_bias, num_actions, bias);
  widen(weights.value_bias, 1, bias + num_actions);
  multiply_rectified(hidden, num_rows, weights.num_inputs, join_weights(weights), bias, num_outputs, sums);
  for (std::size_t row = 0; row < num_rows; ++row) {
    float* const own = log_probabilities + row * num_actions;
    std::copy_n(sums + row * num_outputs, num_actions, own);
    normalise(own, num_actions);
    value[row] = sums[row * num_outputs + num_actions];
  }
}

void multiply_few_rows(const Real* weights, const Real* bias, std::size_t num_inputs, std::size_t num_outputs,
                       const Real* input, std::size_t num_rows, Real* to, unsigned num_threads) {
  const unsigned num_parts = count_worthwhile(num_rows * num_inputs * num_outputs, num_threads);
  run_together(num_parts, [&](unsigned part) {
    const std::size_t begin = num_outputs * part / num_parts, end = num_outputs * (part + 1) / num_parts;
    multiply_lines(weights, bias, num_inputs, num_outputs, input, num_rows, begin, end, to);
  });
}

void draw_actions(const float* log_probabilities, const float* race, std::size_t num_rows, std::size_t num_actions,
                  std::int64_t* action, float* chosen) {
  for (std::size_t row = 0; row < num_rows; ++row, log_probabilities += num_actions, race += num_actions) {
    std::size_t first = 0;
    float most = -1;
    bool is_finite = true;
    for (std::size_t at = 0; at < num_actions; ++at) {
      is_finite = is_finite && std::isfinite(log_probabilities[at]);
      const float share = std::exp(log_probabilities[at]) / race[at];
      if (share > most) {
        most = share;
        first = at;
      }
    }
    action[row] = static_cast<std::int64_t>(first);
    chosen[row] = is_finite ? log_probabilities[first] : std::nanf("");
  }
}

void find_policy_back(const PolicyWeights& weights, const Real* hidden, std::size_t num_rows,
                      const float* log_probabilities, const float* log_gradient, const float* value_gradient,
                      const PolicyGradients& gradients) {
  static thread_local Buffer<float> buffer;
  static thread_local Buffer<Real> low_buffer;
  const std::size_t num_actions = weights.num_actions, num_outputs = num_actions + 1, size = weights.num_inputs;
  float* const given = buffer.of(num_rows * num_outputs);
  std::vector<float> bias(num_outputs, 0.0F);
  for (std::size_t row = 0; row < num_rows; ++row) {
    const float* const from = log_gradient + row * num_actions;
    float sum = 0;
    for (std::size_t action = 0; action < num_actions; ++action) sum += from[action];
    float* const to = given + row * num_outputs;
    for (std::size_t action = 0; action < num_actions; ++action) {
      to[action] = from[action] - std::exp(log_probabilities[row * num_actions + action]) * sum;
    }
    to[num_actions] = value_gradient[row];
    for (std::size_t output = 0; output < num_outputs; ++output) bias[output] += to[output];
  }
  multiply_rectified_back(hidden, num_rows, size, join_weights(weights), given, num_outputs, gradients.hidden);
  Real* const found = low_buffer.of(num_outputs * size);
  for (std::size_t begin = 0; begin < num_outputs; begin += kOutputsTogether) {
    add_rectified(hidden, num_rows, size, given, num_outputs, begin, std::min(num_outputs, begin + kOutputsTogether),
                  found);
  }
  std::copy_n(found, num_actions * size, gradients.policy);
  std::copy_n(found + num_actions * size, size, gradients.value);
  narrow(bias.data(), num_actions, gradients.policy_bias);
  narrow(bias.data() + num_actions, 1, gradients.value_bias);
}

SurrogateFigures find_surrogate(const Played& played, const SurrogateWeights& weights, const float* log_probabilities,
                                const float* value, float* log_gradient, float* value_gradient) {
  double policy_loss = 0, value_loss = 0, entropy = 0, divergence = 0, drift = 0, clipped = 0;
  const float share = 1 / static_cast<float>(played.num_rows);
  for (std::size_t row = 0; row < played.num_rows; ++row) {
    const float* const now = log_probabilities + row * played.num_actions;
    float* const to = log_gradient + row * played.num_actions;
    for (std::size_t action = 0; action < played.num_actions; ++action) {
      const float log_probability = now[action], probability = std::exp(log_probability);
      entropy -= probability * log_probability;
      to[action] = share * weights.entropy * probability * (log_probability + 1);
      if (!played.reference) continue;
      const float apart = log_probability - played.reference[row * played.num_actions + action];
      drift += probability * apart;
      to[action] += share * weights.reference * probability * (apart + 1);
    }
    const auto action = static_cast<std::size_t>(played.action[row]);
    const float log_ratio = now[action] - played.log_probability[row], ratio = std::exp(log_ratio);
    const float plain = ratio * played.advantage[row];
    const float limited = std::clamp(ratio, 1 - weights.clip, 1 + weights.clip) * played.advantage[row];
    policy_loss -= std::min(plain, limited);
    if (!(limited < plain)) to[action] -= share * plain;
    divergence += std::expm1(log_ratio) - log_ratio;
    clipped += std::abs(ratio - 1) > weights.clip;
    const float error = value[row] - played.target[row], moved = value[row] - played.value[row];
    float worse = error, slope = 1;
    if (weights.value_clip >= 0) {
      const float other = played.value[row] + std::clamp(moved, -weights.value_clip, weights.value_clip) -
                          played.target[row];
      if (other * other > error * error) {
        worse = other;
        slope = std::abs(moved) <= weights.value_clip;
      }
    }
    value_loss += 0.5 * worse * worse;
    value_gradient[row] = share * weights.value * worse * slope;
  }
  const auto mean = [&](double sum) { return static_cast<float>(sum / static_cast<double>(played.num_rows)); };
  return {mean(policy_loss), mean(value_loss), mean(entropy), mean(divergence), mean(drift), mean(clipped)};
}

}  // namespace ngp::kernels
