// A convolution with fewer products, after Winograd: the outputs of a tile are computed together, at points.
//
// Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2015). A filter whose side is two strides gives
// 3 × 3 outputs with 16 products in place of 36, one of three pixels and stride 1 gives 2 × 2 of them likewise.
#pragma once

#include <cstddef>
#include <vector>

#include "product.hpp"
#include "shape.hpp"
#include "winograd_parts.hpp"

namespace ngp::kernels {

class Winograd {
 public:
  static bool fits(const Extent& input, const Shape& shape);

  Winograd(const Extent& input, const Extent& output, const Shape& shape);

  // See Direct; sums are [point][number][filter].
  std::size_t num_packed() const { return kAllPoints * num_numbers() * outputs_.num_filters / kPack; }
  std::size_t num_sums() const { return kAllPoints * num_numbers() * outputs_.num_filters; }

  void pack_forward(const Real* weights, Pack* packed) const;
  void pack_backward(const Real* weights, Pack* packed) const;

  template <typename Number>
  void forward(const Pack* packed, float scale, const float* bias, Pictures<const Number> input, Pictures<Real> output,
               std::size_t num_pictures) const;
  void backward(const Pack* packed, Pictures<const Real> gradient, Pictures<const Real> input,
                Pictures<Real> input_gradient, std::size_t num_pictures) const;
  template <typename Number>
  void add_gradient(Pictures<const Number> input, Pictures<const Real> gradient, std::size_t num_pictures, float* sums,
                    float* bias_sums) const;
  void finish(const std::vector<const float*>& parts, float scale, float* to) const;

 private:
  std::size_t num_numbers() const { return squares_.num_numbers(); }
  // Of the filters at the points, [point][filter][number].
  const Real* transform_filters(const Real* weights) const;

  Squares squares_;
  Outputs outputs_;
  std::size_t num_taps_, num_outputs_;  // along a side
  std::vector<Tile> tiles_;
  std::size_t num_uncovered_;  // numbers of a whole input where some pixels belong to no square, else 0
};

}  // namespace ngp::kernels
