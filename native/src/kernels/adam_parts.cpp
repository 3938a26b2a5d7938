#include "adam.hpp"
#include "vectors.hpp"

namespace ngp::kernels {
namespace {

inline __m512 load_gradient(const Slot& slot, std::size_t at, __mmask16 lanes) {
  if (!slot.is_low) return _mm512_maskz_loadu_ps(lanes, static_cast<const float*>(slot.gradient) + at);
  return to_float(_mm256_maskz_loadu_epi16(lanes, static_cast<const Bf16*>(slot.gradient) + at));
}

}  // namespace

double sum_squares(const Slot& slot) {
  constexpr std::size_t kStretch = 4096;  // summed in float32 before it joins the sum in float64
  double sum = 0;
  for (std::size_t begin = 0; begin < slot.count; begin += kStretch) {
    const std::size_t end = slot.count - begin < kStretch ? slot.count : begin + kStretch;
    __m512 part = _mm512_setzero_ps();
    for (std::size_t at = begin; at < end; at += kLanes) {
      const __m512 gradient = load_gradient(slot, at, first_lanes(end - at));
      part = _mm512_fmadd_ps(gradient, gradient, part);
    }
    sum += static_cast<double>(_mm512_reduce_add_ps(part));
  }
  return sum;
}

// mean += (1 - beta1) (g - mean); square = beta2 square + (1 - beta2) g²;
// weight -= learning_rate / correction1 * mean / (sqrt(square) / sqrt(correction2) + epsilon).
void step_adam(const Slot& slot, const AdamStep& step) {
  const __m512 scale = _mm512_set1_ps(step.scale), beta2 = _mm512_set1_ps(step.beta2);
  const __m512 rest1 = _mm512_set1_ps(step.rest1), rest2 = _mm512_set1_ps(step.rest2);
  const __m512 rate = _mm512_set1_ps(step.learning_rate / step.correction1);
  const __m512 root = _mm512_set1_ps(step.root_correction2), epsilon = _mm512_set1_ps(step.epsilon);
  for (std::size_t at = 0; at < slot.count; at += kLanes) {
    const __mmask16 lanes = first_lanes(slot.count - at);
    const __m512 gradient = _mm512_mul_ps(load_gradient(slot, at, lanes), scale);
    __m512 mean = _mm512_maskz_loadu_ps(lanes, slot.mean + at);
    mean = _mm512_fmadd_ps(_mm512_sub_ps(gradient, mean), rest1, mean);
    __m512 square = _mm512_mul_ps(_mm512_maskz_loadu_ps(lanes, slot.square + at), beta2);
    square = _mm512_fmadd_ps(_mm512_mul_ps(gradient, gradient), rest2, square);
    const __m512 below = _mm512_add_ps(_mm512_div_ps(_mm512_sqrt_ps(square), root), epsilon);
    const __m512 weight = _mm512_sub_ps(_mm512_maskz_loadu_ps(lanes, slot.weight + at),
                                        _mm512_div_ps(_mm512_mul_ps(mean, rate), below));
    _mm512_mask_storeu_ps(slot.mean + at, lanes, mean);
    _mm512_mask_storeu_ps(slot.square + at, lanes, square);
    _mm512_mask_storeu_ps(slot.weight + at, lanes, weight);
    if (slot.copy) _mm256_mask_storeu_epi16(slot.copy + at, lanes, to_bf16(weight));
  }
}

}  // namespace ngp::kernels
