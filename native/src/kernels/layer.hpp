// One convolution: which numbers of its input and of its weights meet, forward and backward.
//
// Pictures are [height, width, channels] without gaps; weights are [filters, size, size, channels]. The sums are kept
// apart by taps, so that padding is never stored: a tap outside of the picture is just left out.
#pragma once

#include <cstddef>
#include <vector>

#include "product.hpp"

namespace ngp::kernels {

struct Shape {
  std::size_t num_filters, size, stride, padding;
};

struct Extent {
  std::size_t height, width, num_channels;
  std::size_t num_pixels() const { return height * width; }
  std::size_t num_numbers() const { return num_pixels() * num_channels; }
};

class Layer {
 public:
  // Throws std::invalid_argument, with a sentence, for a shape that the kernels cannot do.
  Layer(const Extent& input, const Shape& shape);

  const Extent& input() const { return input_; }
  const Extent& output() const { return output_; }
  std::size_t num_rows() const { return shape_.size * shape_.size * input_.num_channels; }
  std::size_t num_weights() const { return num_rows() * shape_.num_filters; }
  std::size_t num_filters() const { return shape_.num_filters; }
  std::size_t size() const { return shape_.size; }

  // From weights of bfloat16 to pairs for `forward` and for `backward`, num_weights() / 2 of them.
  void pack_forward(const Bf16* weights, Pair* packed) const;
  void pack_backward(const Bf16* weights, Pair* packed) const;

  // output = rectified(scale * (input * weights) + bias).
  void forward(const Pair* packed, float scale, const float* bias, Pictures<const Bf16> input,
               Pictures<Bf16> output, std::size_t num_pictures) const;
  // The gradient of the input, where the input is positive: it is itself the output of a rectifier.
  void backward(const Pair* packed, Pictures<const Bf16> gradient, Pictures<const Bf16> input,
                Pictures<Bf16> input_gradient, std::size_t num_pictures) const;
  // sums[row][filter] += the weights' gradient, rows by tap and channel, from the pairs of two pictures.
  void add_gradient(const Pair* input, const Pair* gradient, float* sums) const;

 private:
  // Output pixels with the taps that they have in common.
  struct Group {
    std::vector<Tap> taps;
    std::vector<Place> places;
  };

  void group_forward();
  void group_backward();
  static void run(const std::vector<Group>& groups, const Pair* packed, std::size_t num_outputs,
                  const Finish& finish, Pictures<const Bf16> input, Pictures<Bf16> output, std::size_t num_pictures);

  Extent input_, output_;
  Shape shape_;
  std::vector<Group> forward_, backward_;
};

}  // namespace ngp::kernels
