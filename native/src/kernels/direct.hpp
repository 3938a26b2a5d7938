// A convolution tap by tap: which numbers of its input and of its weights meet, forward and backward.
//
// The sums are kept apart by taps, so that padding is never stored: a tap outside of the picture is just left out.
#pragma once

#include <cstddef>
#include <vector>

#include "product.hpp"
#include "shape.hpp"

namespace ngp::kernels {

class Direct {
 public:
  Direct(const Extent& input, const Extent& output, const Shape& shape);

  // Packs of weights; sums of the weights' gradients.
  std::size_t num_packed() const { return num_sums() / kPack; }
  std::size_t num_sums() const { return num_rows() * num_filters(); }

  // From weights to packs for `forward` and for `backward`.
  void pack_forward(const Real* weights, Pack* packed) const;
  void pack_backward(const Real* weights, Pack* packed) const;

  // output = rectified(scale * (input * weights) + bias), for stored numbers or for bytes, from 0 to 255.
  template <typename Number>
  void forward(const Pack* packed, float scale, const float* bias, Pictures<const Number> input, Pictures<Real> output,
               std::size_t num_pictures) const;
  // The gradient of the input, where the input is positive: it is itself the output of a rectifier.
  void backward(const Pack* packed, Pictures<const Real> gradient, Pictures<const Real> input,
                Pictures<Real> input_gradient, std::size_t num_pictures) const;
  // Adds the gradients of the weights, [row][filter] with rows by tap and channel, and of the biases.
  template <typename Number>
  void add_gradient(Pictures<const Number> input, Pictures<const Real> gradient, std::size_t num_pictures, float* sums,
                    float* bias_sums) const;
  // From the sums of all threads to the weights' gradient times `scale`, in the order of the weights.
  void finish(const std::vector<const float*>& parts, float scale, float* to) const;

 private:
  // Output pixels with the taps that they have in common.
  struct Group {
    std::vector<Tap> taps;
    std::vector<Place> places;
  };

  std::size_t num_rows() const { return shape_.size * shape_.size * input_.num_channels; }
  std::size_t num_filters() const { return shape_.num_filters; }
  void group_forward();
  void group_backward();
  // The same as `add_gradient` of the weights, from the packs of kPack pictures.
  void add_pack(const Pack* input, const Pack* gradient, float* sums) const;
  static void run(const std::vector<Group>& groups, const Pack* packed, std::size_t num_outputs,
                  const Finish& finish, Pictures<const Real> input, Pictures<Real> output, std::size_t num_pictures);

  Extent input_, output_;
  Shape shape_;
  std::vector<Group> forward_, backward_;
};

}  // namespace ngp::kernels
