// One convolution: which numbers of its input and of its weights meet, forward and backward.
//
// Pictures are [height, width, channels] without gaps; weights are [filters, size, size, channels]. The sums are kept
// apart by taps, so that padding is never stored: a tap outside of the picture is just left out.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "product.hpp"
#include "shape.hpp"
#include "winograd.hpp"

namespace ngp::kernels {

class Layer {
 public:
  // Throws std::invalid_argument, with a sentence, for a shape that the kernels cannot do. `may_tile`: whether outputs
  // may be computed in tiles (winograd.hpp), which is worth its preparations for many pictures.
  Layer(const Extent& input, const Shape& shape, bool may_tile);

  const Extent& input() const { return input_; }
  const Extent& output() const { return output_; }
  std::size_t num_rows() const { return shape_.size * shape_.size * input_.num_channels; }
  std::size_t num_weights() const { return num_rows() * shape_.num_filters; }
  std::size_t num_filters() const { return shape_.num_filters; }
  std::size_t size() const { return shape_.size; }

  // From weights of bfloat16 to pairs for `forward` and for `backward`, num_packed() of them.
  std::size_t num_packed() const { return winograd_ ? winograd_->num_packed() : num_weights() / 2; }
  void pack_forward(const Bf16* weights, Pair* packed) const;
  void pack_backward(const Bf16* weights, Pair* packed) const;

  // output = rectified(scale * (input * weights) + bias), for numbers of bfloat16 or for bytes, from 0 to 255.
  template <typename Number>
  void forward(const Pair* packed, float scale, const float* bias, Pictures<const Number> input, Pictures<Bf16> output,
               std::size_t num_pictures) const;
  // The gradient of the input, where the input is positive: it is itself the output of a rectifier.
  void backward(const Pair* packed, Pictures<const Bf16> gradient, Pictures<const Bf16> input,
                Pictures<Bf16> input_gradient, std::size_t num_pictures) const;
  // Adds the gradients of the weights, in an order of its own, and of the biases to num_sums() `sums`.
  std::size_t num_sums() const {
    return (winograd_ ? winograd_->num_sums() : num_weights()) + num_filters();
  }
  template <typename Number>
  void add_gradient(Pictures<const Number> input, Pictures<const Bf16> gradient, std::size_t num_pictures,
                    float* sums) const;
  // From the sums of all threads to gradients times `scale`, of the weights as these are and then of the biases.
  void finish(const std::vector<const float*>& parts, float scale, float* to) const;

 private:
  // Output pixels with the taps that they have in common.
  struct Group {
    std::vector<Tap> taps;
    std::vector<Place> places;
  };

  void group_forward();
  void group_backward();
  void add_pair(const Pair* input, const Pair* gradient, float* sums) const;
  static void run(const std::vector<Group>& groups, const Pair* packed, std::size_t num_outputs,
                  const Finish& finish, Pictures<const Bf16> input, Pictures<Bf16> output, std::size_t num_pictures);

  Extent input_, output_;
  Shape shape_;
  std::optional<Winograd> winograd_;
  std::vector<Group> forward_, backward_;  // empty with Winograd
};

}  // namespace ngp::kernels
