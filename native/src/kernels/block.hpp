// Sums of products that stay in registers. Only for files compiled for AVX-512.
#pragma once

#include <cstring>

#include "vectors.hpp"

namespace ngp::kernels {
namespace {

// Sums of kRows × (kVectors × 16) numbers stay in registers; as many as hide how long a product takes (six cycles) and
// leave the loads behind: per pair of numbers kRows broadcasts and kVectors loads feed kRows × kVectors products.
template <int kRows, int kVectors>
struct Block {
  __m512 sums[kRows][kVectors];

  void clear() {
#pragma GCC unroll 16
    for (int row = 0; row < kRows; ++row) {
#pragma GCC unroll 4
      for (int part = 0; part < kVectors; ++part) sums[row][part] = _mm512_setzero_ps();
    }
  }

  // Adds the products of one pair per row with one row of pairs.
  template <typename Find>
  void add(const Pair* vectors, const Find& find) {
    __m512bh right[kVectors];
#pragma GCC unroll 4
    for (int part = 0; part < kVectors; ++part) right[part] = (__m512bh)_mm512_loadu_si512(vectors + part * kLanes);
#pragma GCC unroll 16
    for (int row = 0; row < kRows; ++row) {
      std::int32_t pair;
      std::memcpy(&pair, find(row), sizeof pair);
      const __m512bh left = (__m512bh)_mm512_set1_epi32(pair);
#pragma GCC unroll 4
      for (int part = 0; part < kVectors; ++part) {
        sums[row][part] = _mm512_dpbf16_ps(sums[row][part], left, right[part]);
      }
    }
  }

  // Calls `work(row, part, sum)` for every vector of sums.
  template <typename Work>
  void visit(const Work& work) {
#pragma GCC unroll 16
    for (int row = 0; row < kRows; ++row) {
#pragma GCC unroll 4
      for (int part = 0; part < kVectors; ++part) work(row, part, sums[row][part]);
    }
  }
};

}  // namespace
}  // namespace ngp::kernels
