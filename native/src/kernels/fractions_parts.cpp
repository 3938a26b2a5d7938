#include "fractions_parts.hpp"

#include "block.hpp"
#include "packing.hpp"

namespace ngp::kernels {
namespace {

constexpr int kRows = 8, kVectors = kStrip / kLanes;

// The gradients of one picture's features, and the lines of those of its embeddings before the rectifier.
void gather_row(const Fractions& given, std::size_t row, std::size_t first, const Bf16* embedding,
                const Bf16* gradient, Bf16* lines, __m512 (&bias)[kVectors], Bf16* to) {
  __m512 sums[kVectors] = {};
  for (std::size_t line = row * given.num_fractions; line < (row + 1) * given.num_fractions; ++line) {
    for (int part = 0; part < kVectors; ++part) {
      const std::size_t feature = first + part * kLanes, at = line * given.num_features + feature;
      const __m512 found = load_bf16(embedding + at), wanted = load_bf16(gradient + at);
      const __mmask16 is_open = _mm512_cmp_ps_mask(found, _mm512_setzero_ps(), _CMP_GT_OQ);
      const __m512 seen = load_bf16(given.features + row * given.num_features + feature);
      const __m512 before = _mm512_maskz_mul_ps(is_open, wanted, seen);
      sums[part] = _mm512_fmadd_ps(wanted, found, sums[part]);
      bias[part] = _mm512_add_ps(bias[part], before);
      store_bf16(lines + line * kStrip + part * kLanes, before);
    }
  }
  for (int part = 0; part < kVectors; ++part) store_bf16(to + part * kLanes, sums[part]);
}

// What a fraction of a set means to 16 features, times these features of every row of the set.
void multiply_rows(const Fractions& given, std::size_t set, std::size_t fraction, std::size_t feature, __m256i found,
                   Bf16* embedding, Bf16* output) {
  const std::size_t num_rows = given.num_rows / given.num_sets;
  for (std::size_t row = set * num_rows; row < (set + 1) * num_rows; ++row) {
    const std::size_t place = (row * given.num_fractions + fraction) * given.num_features + feature;
    if (embedding) _mm256_storeu_si256(reinterpret_cast<__m256i*>(embedding + place), found);
    store_bf16(output + place,
               _mm512_mul_ps(to_float(found), load_bf16(given.features + row * given.num_features + feature)));
  }
}

}  // namespace

void embed_strip(const Fractions& given, std::size_t first, Pair* packed, Bf16* embedding, Bf16* output) {
  const std::size_t num_cosines = given.num_cosines, num_fractions = given.num_fractions;
  transpose_pairs(reinterpret_cast<const Pair*>(given.weight + first * num_cosines), kStrip, num_cosines / 2, packed);
  for (std::size_t set = 0; set < given.num_sets; ++set) {
    for (std::size_t begin = 0; begin < num_fractions; begin += kRows) {
      const std::size_t count = num_fractions - begin;
      const Bf16* from[kRows];
      for (std::size_t at = 0; at < kRows; ++at) {
        from[at] = given.cosines + (set * num_fractions + begin + (at < count ? at : 0)) * num_cosines;
      }
      Block<kRows, kVectors> block;
      block.clear();
      for (std::size_t pair = 0; pair < num_cosines / 2; ++pair) {
        block.add(packed + pair * kStrip, [&](int at) { return from[at] + 2 * pair; });
      }
      block.visit([&](int at, int part, __m512& sum) {
        if (static_cast<std::size_t>(at) >= count) return;
        const std::size_t feature = first + part * kLanes;
        const __m512 moved = _mm512_add_ps(sum, load_bf16(given.bias + feature));
        const __m256i found = to_bf16(_mm512_max_ps(_mm512_setzero_ps(), moved));
        multiply_rows(given, set, begin + at, feature, found, embedding, output);
      });
    }
  }
}

void embed_strip_back(const Fractions& given, std::size_t first, const Bf16* embedding, const Bf16* gradient,
                      const Pair* pairs, Bf16* lines, Pair* packed, const FractionGradients& gradients) {
  const std::size_t num_lines = given.num_rows * given.num_fractions, num_cosines = given.num_cosines;
  __m512 bias[kVectors] = {};
  for (std::size_t row = 0; row < given.num_rows; ++row) {
    gather_row(given, row, first, embedding, gradient, lines, bias,
               gradients.features + row * given.num_features + first);
  }
  for (int part = 0; part < kVectors; ++part) store_bf16(gradients.bias + first + part * kLanes, bias[part]);
  for (std::size_t line = 0; line < num_lines; line += 2) {
    const Bf16* const second = line + 1 < num_lines ? lines + (line + 1) * kStrip : nullptr;
    interleave(lines + line * kStrip, second, kStrip, packed + line / 2 * kStrip);
  }
  for (std::size_t begin = 0; begin < kStrip; begin += kRows) {
    for (std::size_t cosine = 0; cosine < num_cosines; cosine += kVectors * kLanes) {
      Block<kRows, kVectors> block;
      block.clear();
      for (std::size_t pair = 0; pair < (num_lines + 1) / 2; ++pair) {
        block.add(pairs + pair * num_cosines + cosine, [&](int at) { return packed + pair * kStrip + begin + at; });
      }
      block.visit([&](int at, int part, __m512& sum) {
        store_bf16(gradients.weight + (first + begin + at) * num_cosines + cosine + part * kLanes, sum);
      });
    }
  }
}

}  // namespace ngp::kernels
