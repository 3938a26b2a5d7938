// One convolution: its shape, its parameters, and the way in which it is computed.
//
// Pictures are [height, width, channels] without gaps; weights are [filters, size, size, channels].
#pragma once

#include <cstddef>
#include <variant>
#include <vector>

#include "direct.hpp"
#include "shape.hpp"
#include "winograd.hpp"

namespace ngp::kernels {

// Both have the same functions; direct.hpp says what they do. Outputs are computed in tiles wherever these fit.
using Way = std::variant<Direct, Winograd>;

class Layer {
 public:
  // Throws std::invalid_argument, with a sentence, for a shape that the kernels cannot do.
  Layer(const Extent& input, const Shape& shape);

  const Extent& input() const { return input_; }
  const Extent& output() const { return output_; }
  std::size_t num_weights() const { return shape_.size * shape_.size * input_.num_channels * shape_.num_filters; }
  std::size_t num_filters() const { return shape_.num_filters; }
  std::size_t size() const { return shape_.size; }
  const Way& way() const { return way_; }

  std::size_t num_packed() const;
  // What a thread sums up on the way back: for the weights, then for the biases.
  std::size_t num_sums() const { return num_weight_sums() + num_filters(); }
  std::size_t num_weight_sums() const;
  // From the sums of all threads to gradients times `scale`, of the weights as these are and then of the biases.
  void finish(const std::vector<const float*>& parts, float scale, float* to) const;

 private:
  Extent input_, output_;
  Shape shape_;
  Way way_;
};

}  // namespace ngp::kernels
