#include "adam.hpp"
#include "vectors.hpp"

namespace ngp::kernels {
namespace {

inline Vec load_gradient(const Slot& slot, std::size_t at, std::size_t count) {
  if (slot.is_low) return load_first(static_cast<const Real*>(slot.gradient) + at, count);
  return load_first(static_cast<const float*>(slot.gradient) + at, count);
}

}  // namespace

double sum_squares(const Slot& slot) {
  constexpr std::size_t kStretch = 4096;  // summed in float32 before it joins the sum in float64
  double sum = 0;
  for (std::size_t begin = 0; begin < slot.count; begin += kStretch) {
    const std::size_t end = slot.count - begin < kStretch ? slot.count : begin + kStretch;
    Vec part = {};
    for (std::size_t at = begin; at < end; at += kLanes) {
      const Vec gradient = load_gradient(slot, at, end - at);
      part += gradient * gradient;
    }
    sum += static_cast<double>(sum_lanes(part));
  }
  return sum;
}

// mean += (1 - beta1) (g - mean); square = beta2 square + (1 - beta2) g²;
// weight -= learning_rate / correction1 * mean / (sqrt(square) / sqrt(correction2) + epsilon).
void step_adam(const Slot& slot, const AdamStep& step) {
  const float rate = step.learning_rate / step.correction1;
  for (std::size_t at = 0; at < slot.count; at += kLanes) {
    const std::size_t left = slot.count - at;
    const Vec gradient = load_gradient(slot, at, left) * step.scale;
    Vec mean = load_first(slot.mean + at, left);
    mean += (gradient - mean) * step.rest1;
    const Vec square = load_first(slot.square + at, left) * step.beta2 + gradient * gradient * step.rest2;
    const Vec below = find_roots(square) / step.root_correction2 + step.epsilon;
    const Vec weight = load_first(slot.weight + at, left) - mean * rate / below;
    store_first(slot.mean + at, mean, left);
    store_first(slot.square + at, square, left);
    store_first(slot.weight + at, weight, left);
    if (slot.copy) store_first(slot.copy + at, weight, left);
  }
}

}  // namespace ngp::kernels
