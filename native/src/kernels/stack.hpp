// Convolutions one after the other, each followed by a rectifier: features of pictures, and what their weights learn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "buffer.hpp"
#include "layer.hpp"

namespace ngp::kernels {

// Weights [filters, size, size, channels] and biases [filters].
struct Weights {
  const Real* weight;
  const Real* bias;
};

// Weights as the products want them, and biases.
struct Prepared {
  Buffer<Pack> numbers;
  std::vector<const Pack*> packed;
  std::vector<std::vector<float>> biases;
};

class Stack {
 public:
  // Throws std::invalid_argument, with a sentence, for shapes that the kernels cannot do.
  Stack(const Extent& picture, const std::vector<Shape>& shapes);

  const std::vector<Layer>& layers() const { return layers_; }
  const Extent& picture() const { return layers().front().input(); }
  // Numbers between the layers, per picture, which `backward` needs.
  std::size_t num_hidden() const { return num_hidden_; }
  std::size_t num_features() const { return layers().back().output().num_numbers(); }
  // Weights and biases of all layers, one after the other.
  std::size_t num_parameters() const { return num_parameters_; }

  void prepare(const std::vector<Weights>& weights, Prepared& to, unsigned num_threads) const;
  // Pictures are seen as numbers from 0 to 1. `hidden` is [pictures, num_hidden()], none where there is no way back.
  void forward(const std::uint8_t* pictures, std::size_t num_pictures, const Prepared& prepared, Real* hidden,
               Real* features, unsigned num_threads) const;
  void forward(const std::uint8_t* pictures, std::size_t num_pictures, const std::vector<Weights>& weights,
               Real* hidden, Real* features, unsigned num_threads) const;
  // From what `forward` was given and gave, and the gradient of the features, to that of all parameters, in order.
  void backward(const std::uint8_t* pictures, std::size_t num_pictures, const std::vector<Weights>& weights,
                const Real* hidden, const Real* features, const Real* gradient, float* parameter_gradient,
                unsigned num_threads) const;

 private:
  Pictures<const Real> output(std::size_t layer, const Real* hidden, const Real* features) const;
  Pictures<const std::uint8_t> pixels(const std::uint8_t* pictures) const;
  void forward_part(const std::uint8_t* pictures, std::size_t num_pictures, const Prepared& prepared, Real* hidden,
                    Real* features) const;
  void backward_part(const std::uint8_t* pictures, std::size_t num_pictures,
                     const std::vector<const Pack*>& packed, const Real* hidden, const Real* features,
                     const Real* gradient, float* sums) const;

  std::vector<Layer> layers_;
  // Where a layer's part begins: of what is between the layers, of all parameters, of a thread's sums.
  std::vector<std::size_t> hidden_offsets_, parameter_offsets_, sum_offsets_;
  std::size_t num_hidden_ = 0, num_parameters_ = 0, num_sums_ = 0;
};

// Weights of one stack, for as many forwards as there are with the same ones.
class KeptWeights {
 public:
  // Prepares them where they are others than before. To compare takes a tenth of what it takes to prepare, and nobody
  // has to say that weights have changed: torch's own optimizers do not.
  const Prepared& find(const Stack& stack, const std::vector<Weights>& weights, unsigned num_threads);

 private:
  std::mutex turn_;
  std::vector<Real> source_;  // what was prepared
  Prepared prepared_;
};

}  // namespace ngp::kernels
