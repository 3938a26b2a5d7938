#include "quantiles.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "buffer.hpp"
#include "packing.hpp"

namespace ngp::kernels {
namespace {

float widened(Bf16 number) {
  const std::uint32_t bits = static_cast<std::uint32_t>(number) << 16;
  float found;
  std::memcpy(&found, &bits, sizeof found);
  return found;
}

// What all actions have in common: value - mean advantage, of one line of [B, N].
float base_of(const Quantiles& given, std::size_t line) {
  const Bf16* const advantage = given.advantage + line * given.num_actions;
  float sum = 0;
  for (std::size_t action = 0; action < given.num_actions; ++action) sum += widened(advantage[action]);
  return widened(given.value[line]) - sum / static_cast<float>(given.num_actions);
}

float quantile_of(const Quantiles& given, std::size_t line, std::int64_t action) {
  return base_of(given, line) + widened(given.advantage[line * given.num_actions + static_cast<std::size_t>(action)]);
}

}  // namespace

void average_quantiles(const Quantiles& given, float* means) {
  const float share = 1 / static_cast<float>(given.num_fractions);
  for (std::size_t row = 0; row < given.num_rows; ++row, means += given.num_actions) {
    std::fill_n(means, given.num_actions, 0.0F);
    for (std::size_t line = row * given.num_fractions; line < (row + 1) * given.num_fractions; ++line) {
      const float base = base_of(given, line);
      const Bf16* const advantage = given.advantage + line * given.num_actions;
      for (std::size_t at = 0; at < given.num_actions; ++at) means[at] += (base + widened(advantage[at])) * share;
    }
  }
}

void move_quantiles(const Quantiles& given, const std::int64_t* action, const float* reward, const float* factor,
                    float* to) {
  for (std::size_t line = 0; line < given.num_rows * given.num_fractions; ++line) {
    const std::size_t row = line / given.num_fractions;
    to[line] = reward[row] + factor[row] * quantile_of(given, line, action[row]);
  }
}

void quantile_errors(const Quantiles& given, const std::int64_t* action, const float* fraction, const float* target,
                     std::size_t num_targets, float* errors, float* change) {
  const float share = 1 / static_cast<float>(num_targets);
  for (std::size_t row = 0; row < given.num_rows; ++row, target += num_targets) {
    errors[row] = 0;
    for (std::size_t line = row * given.num_fractions; line < (row + 1) * given.num_fractions; ++line) {
      const float quantile = quantile_of(given, line, action[row]);
      float sum = 0, slope = 0;
      for (std::size_t at = 0; at < num_targets; ++at) {
        const float error = target[at] - quantile, size = std::fabs(error);
        const float weight = std::fabs(fraction[line] - (error < 0 ? 1.0F : 0.0F));
        sum += weight * (size <= 1 ? 0.5F * error * error : size - 0.5F);
        slope -= weight * (size <= 1 ? error : std::copysign(1.0F, error));
      }
      errors[row] += sum * share;
      change[line] = slope * share;
    }
  }
}

void quantile_errors_back(const Quantiles& shape, const std::int64_t* action, const float* change,
                          const float* gradient, Bf16* value, Bf16* advantage) {
  static thread_local Buffer<float> buffer;
  const std::size_t num_lines = shape.num_rows * shape.num_fractions, num_actions = shape.num_actions;
  float* const values = buffer.of(num_lines * (1 + num_actions));
  float* const advantages = values + num_lines;
  for (std::size_t line = 0; line < num_lines; ++line) {
    const std::size_t row = line / shape.num_fractions;
    values[line] = change[line] * gradient[row];
    const float rest = -values[line] / static_cast<float>(num_actions);
    std::fill_n(advantages + line * num_actions, num_actions, rest);
    advantages[line * num_actions + static_cast<std::size_t>(action[row])] += values[line];
  }
  round_to_bf16(values, num_lines, value);
  round_to_bf16(advantages, num_lines * num_actions, advantage);
}

}  // namespace ngp::kernels
