#include "dueling.hpp"

#include <algorithm>
#include <cmath>

#include "buffer.hpp"
#include "packing.hpp"
#include "vectors.hpp"

namespace ngp::kernels {
namespace {

// The logits or quantiles of all actions of a row, [A, N], which stay until the next call.
float* join(const Dueling& given, std::size_t row) {
  static thread_local Buffer<float> buffer;
  const std::size_t num_actions = given.shape.num_actions, count = given.shape.num_numbers;
  float* const joined = buffer.of((num_actions + 1) * count);
  float* const base = joined + num_actions * count;
  const Real* const value = given.value + row * count;
  const Real* const advantage = given.advantage + row * num_actions * count;
  const std::size_t action_step = given.shape.is_by_action ? count : 1;
  const std::size_t step = given.shape.is_by_action ? 1 : num_actions;
  std::fill_n(base, count, 0.0F);
  for (std::size_t action = 0; action < num_actions; ++action) {
    const Real* const from = advantage + action * action_step;
    float* const to = joined + action * count;
    if (step == 1) {
      for (std::size_t at = 0; at < count; ++at) to[at] = to_float(from[at]);
    } else {
      for (std::size_t at = 0; at < count; ++at) to[at] = to_float(from[at * step]);
    }
    for (std::size_t at = 0; at < count; ++at) base[at] += to[at];
  }
  const float share = 1 / static_cast<float>(num_actions);
  for (std::size_t at = 0; at < count; ++at) base[at] = to_float(value[at]) - base[at] * share;
  for (std::size_t action = 0; action < num_actions; ++action) {
    for (std::size_t at = 0; at < count; ++at) joined[action * count + at] += base[at];
  }
  return joined;
}

float sum(const float* numbers, std::size_t count) {
  Vec total = {};
  for (std::size_t at = 0; at < count; at += kLanes) total += load_first(numbers + at, count - at);
  return sum_lanes(total);
}

float dot(const float* first, const float* second, std::size_t count) {
  Vec total = {};
  for (std::size_t at = 0; at < count; at += kLanes) {
    total += load_first(first + at, count - at) * load_first(second + at, count - at);
  }
  return sum_lanes(total);
}

float largest(const float* numbers, std::size_t count) {
  float lanes[kLanes];
  std::fill_n(lanes, kLanes, numbers[0]);
  std::size_t at = 0;
  for (; at + kLanes <= count; at += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) lanes[lane] = std::max(lanes[lane], numbers[at + lane]);
  }
  for (; at < count; ++at) lanes[0] = std::max(lanes[0], numbers[at]);
  return *std::max_element(lanes, lanes + kLanes);
}

// e^x of numbers up to 0: 2^n times a polynomial of the rest, which is within half of ln 2 (Cephes, expf). What is no
// number stays so; what is tiny may be twice the smallest number in place of less.
inline Vec exponential(Vec x) {
  x = x < all(-87) ? all(-87) : x;
  const Vec rounding = all(12582912.0F);  // 1.5 * 2^23: whole numbers are in the lowest bits of a sum with it
  const Vec shifted = x * 1.44269504F + rounding;
  const Vec power = shifted - rounding;
  Vec rest = x - power * 0.693359375F;
  rest = rest + power * 2.12194440e-4F;
  Vec found = all(1.9875691500e-4F);
  for (const float factor :
       {1.3981999507e-3F, 8.3334519073e-3F, 4.1665795894e-2F, 1.6666665459e-1F, 5.0000001201e-1F}) {
    found = found * rest + factor;
  }
  found = found * (rest * rest) + (rest + 1.0F);
  return (Vec)((Whole)found + ((Whole)shifted << 23));
}

// numbers[n] = exp(numbers[n] - most), none above 1; returns their sum.
float exponentials(float* numbers, std::size_t count, float most) {
  Vec total = {};
  for (std::size_t at = 0; at < count; at += kLanes) {
    store_first(numbers + at, exponential(load_first(numbers + at, count - at) - most), count - at);
    total += load_first(numbers + at, count - at);
  }
  return sum_lanes(total);
}

}  // namespace

void expect_returns(const Dueling& given, const float* atoms, float* means) {
  const std::size_t count = given.shape.num_numbers;
  for (std::size_t row = 0; row < given.shape.num_rows; ++row) {
    float* logits = join(given, row);
    for (std::size_t action = 0; action < given.shape.num_actions; ++action, logits += count) {
      const float total = exponentials(logits, count, largest(logits, count));
      *means++ = dot(logits, atoms, count) / total;
    }
  }
}

void project_returns(const Dueling& given, const std::int64_t* action, const float* reward, const float* factor,
                     const float* atoms, float* to) {
  const std::size_t count = given.shape.num_numbers;
  const float lowest = atoms[0], highest = atoms[count - 1];
  const float per_atom = static_cast<float>(count - 1) / (highest - lowest);
  std::fill_n(to, given.shape.num_rows * count, 0.0F);
  for (std::size_t row = 0; row < given.shape.num_rows; ++row, to += count) {
    float* const mass = join(given, row) + static_cast<std::size_t>(action[row]) * count;
    const float total = exponentials(mass, count, largest(mass, count));
    for (std::size_t atom = 0; atom < count; ++atom) {
      const float moved = std::clamp(reward[row] + factor[row] * atoms[atom], lowest, highest);
      const float position = (moved - lowest) * per_atom;
      // Where the position is no number, the shares are none either, and any index will do.
      const auto lower = position > 0 ? std::min(static_cast<std::size_t>(position), count - 2) : std::size_t{0};
      const float share = position - static_cast<float>(lower), probability = mass[atom] / total;
      to[lower] += probability * (1 - share);
      to[lower + 1] += probability * share;
    }
  }
}

void find_cross_entropies(const Dueling& given, const std::int64_t* action, const float* target, float* errors,
                          float* change) {
  const std::size_t count = given.shape.num_numbers;
  for (std::size_t row = 0; row < given.shape.num_rows; ++row, target += count, change += count) {
    float* const logits = join(given, row) + static_cast<std::size_t>(action[row]) * count;
    const float most = largest(logits, count), whole = sum(target, count);
    const float said = dot(logits, target, count);
    const float total = exponentials(logits, count, most);
    errors[row] = whole * (most + std::log(total)) - said;
    for (std::size_t atom = 0; atom < count; ++atom) change[atom] = logits[atom] * (whole / total) - target[atom];
  }
}

void average_quantiles(const Dueling& given, float* means) {
  const std::size_t count = given.shape.num_numbers;
  for (std::size_t row = 0; row < given.shape.num_rows; ++row) {
    const float* quantiles = join(given, row);
    for (std::size_t action = 0; action < given.shape.num_actions; ++action, quantiles += count) {
      *means++ = sum(quantiles, count) / static_cast<float>(count);
    }
  }
}

void move_quantiles(const Dueling& given, const std::int64_t* action, const float* reward, const float* factor,
                    float* to) {
  const std::size_t count = given.shape.num_numbers;
  for (std::size_t row = 0; row < given.shape.num_rows; ++row, to += count) {
    const float* const quantiles = join(given, row) + static_cast<std::size_t>(action[row]) * count;
    for (std::size_t at = 0; at < count; ++at) to[at] = reward[row] + factor[row] * quantiles[at];
  }
}

void find_quantile_errors(const Dueling& given, const std::int64_t* action, const float* fraction, const float* target,
                          std::size_t num_targets, float* errors, float* change) {
  const std::size_t count = given.shape.num_numbers;
  const float share = 1 / static_cast<float>(num_targets);
  for (std::size_t row = 0; row < given.shape.num_rows; ++row, target += num_targets) {
    const float* const quantiles = join(given, row) + static_cast<std::size_t>(action[row]) * count;
    errors[row] = 0;
    for (std::size_t first = 0; first < count; first += kLanes, fraction += kLanes, change += kLanes) {
      const std::size_t left = count - first;
      const Vec quantile = load_first(quantiles + first, left), tau = load_first(fraction, left);
      Vec loss = {}, slope = {};
      for (std::size_t at = 0; at < num_targets; ++at) {
        const Vec error = target[at] - quantile;
        const Vec below = error < Vec{} ? 1.0F - tau : tau, size = error < Vec{} ? -error : error;
        const Vec limited = size > all(1) ? (error < Vec{} ? all(-1) : all(1)) : error;
        // Up to 1 half of the square, beyond it the size less a half.
        loss += below * (limited * (error - 0.5F * limited));
        slope -= below * limited;
      }
      store_first(change, slope * share, left);
      float losses[kLanes];
      store(losses, loss * share);
      for (std::size_t at = 0; at < std::min<std::size_t>(left, kLanes); ++at) errors[row] += losses[at];
      if (left < kLanes) {
        fraction -= kLanes - left;
        change -= kLanes - left;
      }
    }
  }
}

void find_dueling_back(const DuelingShape& shape, const std::int64_t* action, const float* change,
                       const float* gradient, Real* value, Real* advantage) {
  static thread_local Buffer<float> buffer;
  const std::size_t count = shape.num_numbers, num_actions = shape.num_actions;
  const std::size_t action_step = shape.is_by_action ? count : 1, step = shape.is_by_action ? 1 : num_actions;
  const float rest = -1 / static_cast<float>(num_actions);
  float* const advantages = buffer.of((num_actions + 1) * count);
  float* const values = advantages + num_actions * count;
  for (std::size_t row = 0; row < shape.num_rows; ++row, change += count) {
    for (std::size_t at = 0; at < count; ++at) values[at] = change[at] * gradient[row];
    for (std::size_t other = 0; other < num_actions; ++other) {
      const float share = other == static_cast<std::size_t>(action[row]) ? 1 + rest : rest;
      float* const to = advantages + other * action_step;
      for (std::size_t at = 0; at < count; ++at) to[at * step] = values[at] * share;
    }
    narrow(values, count, value + row * count);
    narrow(advantages, num_actions * count, advantage + row * num_actions * count);
  }
}

}  // namespace ngp::kernels
