// Convolutions one after the other, each followed by a rectifier: features of pictures, and what their weights learn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "layer.hpp"

namespace ngp::kernels {

// Weights [filters, size, size, channels], of bfloat16, or else of float32, and biases [filters] likewise.
struct Weights {
  const void* weight;
  const void* bias;
  bool is_low;
};

class Stack {
 public:
  // Throws std::invalid_argument, with a sentence, for shapes that the kernels cannot do.
  Stack(const Extent& picture, const std::vector<Shape>& shapes);

  const std::vector<Layer>& layers() const { return layers_; }
  const Extent& picture() const { return layers_.front().input(); }
  // Numbers between the layers, per picture, which `backward` needs.
  std::size_t num_hidden() const { return num_hidden_; }
  std::size_t num_features() const { return layers_.back().output().num_numbers(); }
  // Weights and biases of all layers, one after the other.
  std::size_t num_parameters() const { return num_parameters_; }

  // Pictures are seen as numbers from 0 to 1. `hidden` is [pictures, num_hidden()].
  void forward(const std::uint8_t* pictures, std::size_t num_pictures, const std::vector<Weights>& weights,
               Bf16* hidden, Bf16* features, unsigned num_threads) const;
  // From what `forward` was given and gave, and the gradient of the features, to that of all parameters, in order.
  void backward(const std::uint8_t* pictures, std::size_t num_pictures, const std::vector<Weights>& weights,
                const Bf16* hidden, const Bf16* features, const Bf16* gradient, float* parameter_gradient,
                unsigned num_threads) const;

 private:
  class Backward;

  Pictures<const Bf16> output(std::size_t layer, const Bf16* hidden, const Bf16* features) const;
  void forward_part(const std::uint8_t* pictures, std::size_t num_pictures, const std::vector<const Pair*>& packed,
                    const std::vector<std::vector<float>>& biases, Bf16* hidden, Bf16* features) const;
  void collect(const std::vector<const float*>& parts, float* parameter_gradient) const;

  std::vector<Layer> layers_;
  std::vector<std::size_t> hidden_offsets_, parameter_offsets_;
  std::size_t num_hidden_ = 0, num_parameters_ = 0;
};

}  // namespace ngp::kernels
