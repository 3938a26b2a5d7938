// The transforms of Winograd's convolutions, for one tile or one filter at a time.
//
// Along each axis a tile has kPoints inputs, one stride apart, and m outputs; a filter has r taps, m + r - 1 = kPoints.
// Inputs of stride × stride pixels side by side are a *square* of K = stride² × channels numbers, and count as the
// channels of one pixel; so every stride is 1. The points are 0, 1, -1 and infinity.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "numbers.hpp"

namespace ngp::kernels {

constexpr std::size_t kPoints = 4;                        // along one axis
constexpr std::size_t kAllPoints = kPoints * kPoints;

template <bool kIsPacked>
using Stored = std::conditional_t<kIsPacked, Pack, Real>;

// Squares of a picture [height, width, channels].
struct Squares {
  std::size_t height, width;  // in squares; what is beyond counts as zeros
  std::size_t stride;         // pixels along the side of a square
  std::size_t row;            // numbers from one row of pixels to the next
  std::size_t segment;        // numbers of a square in one row of pixels: stride × channels, a multiple of 16
  std::size_t num_numbers() const { return stride * segment; }
};

// A tile: its first output along each axis, which is also its first square.
struct Tile {
  std::size_t top, left;
};

// Outputs of a picture [height, width, filters], filters being a multiple of 16.
struct Outputs {
  std::size_t height, width, num_filters;
};

// In all of these, what belongs to one point is `step` numbers from what belongs to the next.

// to[point][k] of the squares of a tile, pixels of bytes being numbers from 0 to 255; packed, of those of two pictures
// side by side where numbers go in pairs: a missing second counts as zeros.
template <bool kIsPacked, typename Number>
void transform_input(const Number* first, const Number* second, const Squares& squares, const Tile& tile,
                     Stored<kIsPacked>* to, std::size_t step);
// to[point][k] of one filter [r × stride, r × stride, channels].
void transform_filter(const Real* filter, const Squares& squares, std::size_t num_taps, Real* to, std::size_t step);
// to[point][f] of the gradient of a tile's outputs, `num_outputs` (m) along a side; packed as above.
template <bool kIsPacked>
void transform_gradient(const Real* first, const Real* second, const Outputs& outputs, std::size_t num_outputs,
                        const Tile& tile, Stored<kIsPacked>* to, std::size_t step);

// The outputs of a tile from from[point][f]: rectified(scale × sum + bias).
void finish_tile(const float* from, std::size_t step, float scale, const float* bias, std::size_t num_outputs,
                 const Tile& tile, const Outputs& outputs, Real* picture);
// Adds the gradient of a tile's squares, from from[point][k], to sums [squares.height][squares.width][k].
void add_tile(const float* from, std::size_t step, const Squares& squares, const Tile& tile, float* sums);
// The squares' gradient as that of a picture, where `gates` are above 0.
void gate_squares(const float* sums, const Squares& squares, const Real* gates, Real* picture);
// The gradient of filters, to[row][f] with rows by tap and channel, from that at the points, from[point][k][f].
void finish_filters(const float* from, const Squares& squares, std::size_t num_taps, std::size_t num_filters,
                    float* to);
// sums[f] += the sum over all pixels.
void add_pixels(const Real* gradient, const Outputs& outputs, float* sums);

}  // namespace ngp::kernels
