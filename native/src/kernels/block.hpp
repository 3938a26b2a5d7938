// Sums of products that stay in registers.
#pragma once

#include "vectors.hpp"

namespace ngp::kernels {
namespace {

// Sums of kRows × (kVectors × kLanes) numbers stay in registers; as many as hide how long a product takes (four to six
// cycles) and leave the loads behind: kRows broadcasts and kVectors loads feed kRows × kVectors products.
template <int kRows, int kVectors>
struct Block {
  Vec sums[kRows][kVectors];

  void clear() {
#pragma GCC unroll 16
    for (int row = 0; row < kRows; ++row) {
#pragma GCC unroll 4
      for (int part = 0; part < kVectors; ++part) sums[row][part] = Vec{};
    }
  }

  // Adds the products of one pack per row with one row of packs.
  template <typename Find>
  __attribute__((always_inline)) void add(const Pack* vectors, const Find& find) {
    Packed right[kVectors];
#pragma GCC unroll 4
    for (int part = 0; part < kVectors; ++part) right[part] = load_packs(vectors + part * kLanes);
#pragma GCC unroll 16
    for (int row = 0; row < kRows; ++row) {
      const Packed left = all_packs(find(row));
#pragma GCC unroll 4
      for (int part = 0; part < kVectors; ++part) sums[row][part] = multiply_add(left, right[part], sums[row][part]);
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

// One that fits the registers anywhere, and divides 8 rows of 32 numbers.
constexpr int kBlockRows = kLanes == 16 ? 8 : 4, kBlockWidth = kLanes == 16 ? 32 : 16;
using AnyBlock = Block<kBlockRows, kBlockWidth / kLanes>;

}  // namespace
}  // namespace ngp::kernels
