// Products of matrices that are not laid out as such: rows are patches of pictures, wherever they lie.
#pragma once

#include <cstddef>
#include <cstdint>

#include "numbers.hpp"

namespace ngp::kernels {

// A stretch of a patch that is contiguous in the picture and in the weights.
struct Tap {
  std::int32_t input;      // where it begins, in numbers from the place of the patch
  std::int32_t weight;     // where its weights begin, in packs of rows
  std::int32_t num_packs;  // of numbers
};

inline bool operator<(const Tap& left, const Tap& right) {
  if (left.input != right.input) return left.input < right.input;
  if (left.weight != right.weight) return left.weight < right.weight;
  return left.num_packs < right.num_packs;
}

// Where the patch of an output pixel begins and where the pixel is, in numbers from the pictures' beginnings.
struct Place {
  std::int32_t input;
  std::int32_t output;
};

// Pictures one after the other.
template <typename Number>
struct Pictures {
  Number* first;
  std::size_t step;  // numbers from one to the next
  Number* at(std::size_t index) const { return first + index * step; }
};

// Output pixels whose patches have the same taps.
struct Patches {
  const Tap* taps;
  std::size_t num_taps;
  const Place* places;
  std::size_t num_places;
};

// What becomes of the sums: `sum * scale + bias`, then only what is positive, or what `gate` has positive.
struct Finish {
  float scale;
  const float* bias;           // none: zeros
  Pictures<const Real> gates;  // shaped as the output; none: a rectifier
};

// output[place][n] = finish(sum over taps of input * weights); weights are packs [packs of rows][num_outputs].
void multiply(const Patches& patches, const Pack* weights, std::size_t num_outputs, const Finish& finish,
              Pictures<const Real> input, Pictures<Real> output, std::size_t num_pictures);

// to[row][n] = sum over k of rows[row][k] * weights[k][n]; weights are packs [K / 2][num_outputs], num_outputs being a
// multiple of 16.
void multiply_rows(const Real* rows, std::size_t num_rows, std::size_t num_inputs, const Pack* weights,
                   std::size_t num_outputs, float* to);

// Output pixels side by side and the numbers under one tap, of two pictures at a time.
struct Overlap {
  std::size_t num_rows, num_columns;
  std::size_t input_row, input_column;        // packs from one output row, or column, to the next in the input
  std::size_t gradient_row, gradient_column;  // and in the gradient
};

// sums[m][n] += sum over pixels of input[pixel][m] * gradient[pixel][n], for `num_inputs` (a multiple of 8) m and
// `num_outputs` (a multiple of 16) n.
void accumulate(const Overlap& overlap, const Pack* input, const Pack* gradient, std::size_t num_inputs,
                std::size_t num_outputs, float* sums);

}  // namespace ngp::kernels
