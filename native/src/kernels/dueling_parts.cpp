#include "dueling_parts.hpp"

#include "vectors.hpp"

namespace ngp::kernels {
namespace {

inline __m512 load_lanes(const Bf16* from, __mmask16 lanes) { return to_float(_mm256_maskz_loadu_epi16(lanes, from)); }

// e^x of numbers up to 0: 2^n times a polynomial of the rest, which is within half of ln 2 (Cephes, expf).
inline __m512 exponential(__m512 x) {
  const __m512 power =
      _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504F)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  __m512 rest = _mm512_fnmadd_ps(power, _mm512_set1_ps(0.693359375F), x);
  rest = _mm512_fnmadd_ps(power, _mm512_set1_ps(-2.12194440e-4F), rest);
  __m512 found = _mm512_set1_ps(1.9875691500e-4F);
  constexpr float kFactors[] = {1.3981999507e-3F, 8.3334519073e-3F, 4.1665795894e-2F, 1.6666665459e-1F, 5.0000001201e-1F};
  for (const float factor : kFactors) found = _mm512_fmadd_ps(found, rest, _mm512_set1_ps(factor));
  found = _mm512_fmadd_ps(found, _mm512_mul_ps(rest, rest), _mm512_add_ps(rest, _mm512_set1_ps(1)));
  return _mm512_scalef_ps(found, power);
}

}  // namespace

void find_base(const Dueling& given, std::size_t row, float* to) {
  const __m512 share = _mm512_set1_ps(1 / static_cast<float>(given.num_actions));
  for (std::size_t at = 0; at < given.num_atoms; at += kLanes) {
    const __mmask16 lanes = first_lanes(given.num_atoms - at);
    __m512 total = _mm512_setzero_ps();
    for (std::size_t action = 0; action < given.num_actions; ++action) {
      const std::size_t place = (row * given.num_actions + action) * given.num_atoms + at;
      total = _mm512_add_ps(total, load_lanes(given.advantage + place, lanes));
    }
    const __m512 value = load_lanes(given.value + row * given.num_atoms + at, lanes);
    _mm512_mask_storeu_ps(to + at, lanes, _mm512_fnmadd_ps(total, share, value));
  }
}

void add_advantage(const Dueling& given, std::size_t row, std::size_t action, const float* base, float* to) {
  const Bf16* const from = given.advantage + (row * given.num_actions + action) * given.num_atoms;
  for (std::size_t at = 0; at < given.num_atoms; at += kLanes) {
    const __mmask16 lanes = first_lanes(given.num_atoms - at);
    const __m512 joined = _mm512_add_ps(_mm512_maskz_loadu_ps(lanes, base + at), load_lanes(from + at, lanes));
    _mm512_mask_storeu_ps(to + at, lanes, joined);
  }
}

float largest(const float* numbers, std::size_t count) {
  __m512 most = _mm512_set1_ps(numbers[0]);
  for (std::size_t at = 0; at < count; at += kLanes) {
    const __mmask16 lanes = first_lanes(count - at);
    most = _mm512_mask_max_ps(most, lanes, most, _mm512_maskz_loadu_ps(lanes, numbers + at));
  }
  return _mm512_reduce_max_ps(most);
}

float sum(const float* numbers, std::size_t count) {
  __m512 total = _mm512_setzero_ps();
  for (std::size_t at = 0; at < count; at += kLanes) {
    total = _mm512_add_ps(total, _mm512_maskz_loadu_ps(first_lanes(count - at), numbers + at));
  }
  return _mm512_reduce_add_ps(total);
}

float dot(const float* first, const float* second, std::size_t count) {
  __m512 total = _mm512_setzero_ps();
  for (std::size_t at = 0; at < count; at += kLanes) {
    const __mmask16 lanes = first_lanes(count - at);
    total = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(lanes, first + at), _mm512_maskz_loadu_ps(lanes, second + at), total);
  }
  return _mm512_reduce_add_ps(total);
}

float exponentials(float* numbers, std::size_t count, float most) {
  __m512 total = _mm512_setzero_ps();
  for (std::size_t at = 0; at < count; at += kLanes) {
    const __mmask16 lanes = first_lanes(count - at);
    const __m512 below = _mm512_sub_ps(_mm512_maskz_loadu_ps(lanes, numbers + at), _mm512_set1_ps(most));
    const __m512 found = exponential(below);
    _mm512_mask_storeu_ps(numbers + at, lanes, found);
    total = _mm512_mask_add_ps(total, lanes, total, found);
  }
  return _mm512_reduce_add_ps(total);
}

void scale_to_bf16(const float* from, std::size_t count, float scale, Bf16* to) {
  for (std::size_t at = 0; at < count; at += kLanes) {
    const __mmask16 lanes = first_lanes(count - at);
    const __m512 scaled = _mm512_mul_ps(_mm512_maskz_loadu_ps(lanes, from + at), _mm512_set1_ps(scale));
    _mm256_mask_storeu_epi16(to + at, lanes, to_bf16(scaled));
  }
}

}  // namespace ngp::kernels
