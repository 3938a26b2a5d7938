#include "stack.hpp"

#include <algorithm>
#include <stdexcept>

#include "buffer.hpp"
#include "packing.hpp"
#include "team.hpp"

namespace ngp::kernels {
namespace {

constexpr std::size_t kTogether = 8;       // pictures that go through a layer at once and stay in the second cache
constexpr float kPixelScale = 1.0F / 255;  // the weights are those of pixels from 0 to 1

struct Span {
  std::size_t begin, end;
};

// Part `part` of the pictures; pictures go in pairs, so that each part begins with an even one.
Span share(std::size_t num_pictures, unsigned part, unsigned num_parts) {
  const std::size_t num_pairs = (num_pictures + 1) / 2;
  const auto bound = [&](std::size_t at) { return std::min(num_pictures, num_pairs * at / num_parts * 2); };
  return {bound(part), bound(part + 1)};
}

unsigned count_parts(std::size_t num_pictures, unsigned num_threads) {
  return static_cast<unsigned>(std::clamp<std::size_t>((num_pictures + 1) / 2, 1, std::max(1U, num_threads)));
}

const Bf16* as_bf16(const Weights& weights, std::size_t count, Buffer<Bf16>& rounded) {
  if (weights.is_low) return static_cast<const Bf16*>(weights.weight);
  Bf16* const to = rounded.of(count);
  round_to_bf16(static_cast<const float*>(weights.weight), count, to);
  return to;
}

enum class Direction { kForward, kBackward };

// The weights of each layer as its products want them, in a buffer of this thread until its next call.
std::vector<const Pair*> pack(const std::vector<Layer>& layers, const std::vector<Weights>& weights,
                              Direction direction) {
  static thread_local Buffer<Pair> buffer;
  static thread_local Buffer<Bf16> rounded;
  std::size_t size = 0;
  for (const Layer& layer : layers) size += layer.num_weights() / 2;
  Pair* to = buffer.of(size);
  std::vector<const Pair*> packed;
  for (std::size_t index = 0; index < layers.size(); ++index) {
    const Layer& layer = layers[index];
    packed.push_back(to);
    if (direction == Direction::kForward) {
      layer.pack_forward(as_bf16(weights[index], layer.num_weights(), rounded), to);
    } else if (index) {
      layer.pack_backward(as_bf16(weights[index], layer.num_weights(), rounded), to);
    }
    to += layer.num_weights() / 2;
  }
  return packed;
}

std::vector<std::vector<float>> biases_of(const std::vector<Layer>& layers, const std::vector<Weights>& weights) {
  std::vector<std::vector<float>> biases;
  for (std::size_t index = 0; index < layers.size(); ++index) {
    biases.emplace_back(layers[index].num_filters());
    std::vector<float>& bias = biases.back();
    if (weights[index].is_low) {
      widen(static_cast<const Bf16*>(weights[index].bias), bias.size(), bias.data());
    } else {
      std::copy_n(static_cast<const float*>(weights[index].bias), bias.size(), bias.data());
    }
  }
  return biases;
}

}  // namespace

Stack::Stack(const Extent& picture, const std::vector<Shape>& shapes) {
  if (shapes.empty()) throw std::invalid_argument("There must be a convolution.");
  Extent extent = picture;
  for (const Shape& shape : shapes) {
    layers_.emplace_back(extent, shape);
    extent = layers_.back().output();
    parameter_offsets_.push_back(num_parameters_);
    num_parameters_ += layers_.back().num_weights() + shape.num_filters;
    hidden_offsets_.push_back(num_hidden_);
    if (layers_.size() < shapes.size()) num_hidden_ += extent.num_numbers();
  }
}

Pictures<const Bf16> Stack::output(std::size_t layer, const Bf16* hidden, const Bf16* features) const {
  if (layer + 1 == layers_.size()) return {features, num_features()};
  return {hidden + hidden_offsets_[layer], num_hidden_};
}

void Stack::forward(const std::uint8_t* pictures, std::size_t num_pictures, const std::vector<Weights>& weights,
                    Bf16* hidden, Bf16* features, unsigned num_threads) const {
  const std::vector<const Pair*> packed = pack(layers_, weights, Direction::kForward);
  const std::vector<std::vector<float>> biases = biases_of(layers_, weights);
  const unsigned num_parts = count_parts(num_pictures, num_threads);
  run_together(num_parts, [&](unsigned part) {
    const Span span = share(num_pictures, part, num_parts);
    for (std::size_t at = span.begin; at < span.end; at += kTogether) {
      forward_part(pictures + at * picture().num_numbers(), std::min(kTogether, span.end - at), packed, biases,
                   hidden + at * num_hidden_, features + at * num_features());
    }
  });
}

void Stack::forward_part(const std::uint8_t* pictures, std::size_t num_pictures,
                         const std::vector<const Pair*>& packed, const std::vector<std::vector<float>>& biases,
                         Bf16* hidden, Bf16* features) const {
  static thread_local Buffer<Bf16> buffer;
  const std::size_t size = picture().num_numbers();
  Bf16* const pixels = buffer.of(size);
  const auto writable = [&](std::size_t index) -> Pictures<Bf16> {
    const Pictures<const Bf16> found = output(index, hidden, features);
    return {const_cast<Bf16*>(found.first), found.step};
  };
  for (std::size_t at = 0; at < num_pictures; ++at) {
    widen_pixels(pictures + at * size, size, pixels);
    const Pictures<Bf16> to = writable(0);
    layers_[0].forward(packed[0], kPixelScale, biases[0].data(), {pixels, size}, {to.at(at), to.step}, 1);
  }
  for (std::size_t index = 1; index < layers_.size(); ++index) {
    layers_[index].forward(packed[index], 1.0F, biases[index].data(), output(index - 1, hidden, features),
                           writable(index), num_pictures);
  }
}

// What one thread needs on the way back.
class Stack::Backward {
 public:
  // Sums of the weights of each layer, [rows][filters], then those of its biases, go to `sums`.
  Backward(const Stack& stack, const std::vector<const Pair*>& packed, float* sums)
      : stack_(stack), packed_(packed), sums_(sums) {
    std::size_t largest_input = 0, largest_output = 0;
    for (const Layer& layer : stack.layers_) {
      largest_input = std::max(largest_input, layer.input().num_numbers());
      largest_output = std::max(largest_output, layer.output().num_numbers());
    }
    input_ = workspace().input.of(largest_input);
    gradient_ = workspace().gradient.of(largest_output);
    for (std::size_t side = 0; side < 2; ++side) passed_[side] = workspace().passed[side].of(kTogether * largest_output);
    std::fill_n(sums_, stack.num_parameters_, 0.0F);
  }

  void add(const std::uint8_t* pictures, std::size_t num_pictures, const Bf16* hidden, const Bf16* features,
           const Bf16* gradient) {
    std::size_t index = stack_.layers_.size() - 1;
    gate(gradient, features, num_pictures * stack_.num_features(), passed_[index % 2]);
    for (;; --index) {
      const Layer& layer = stack_.layers_[index];
      const Pictures<Bf16> now{passed_[index % 2], layer.output().num_numbers()};
      const Pictures<const Bf16> input =
          index ? stack_.output(index - 1, hidden, features) : Pictures<const Bf16>{nullptr, 0};
      for (std::size_t at = 0; at < num_pictures; at += 2) {
        add_pair(index, pictures, input, {now.first, now.step}, at, at + 1 < num_pictures);
      }
      if (!index) return;
      layer.backward(packed_[index], {now.first, now.step}, input,
                     {passed_[(index - 1) % 2], layer.input().num_numbers()}, num_pictures);
    }
  }

 private:
  struct Workspace {
    Buffer<Pair> input, gradient;
    Buffer<Bf16> passed[2];
  };

  static Workspace& workspace() {
    static thread_local Workspace own;
    return own;
  }

  void add_pair(std::size_t index, const std::uint8_t* pictures, const Pictures<const Bf16>& input,
                const Pictures<const Bf16>& gradient, std::size_t at, bool has_second) {
    const Layer& layer = stack_.layers_[index];
    float* const sums = sums_ + stack_.parameter_offsets_[index];
    const std::size_t size = layer.input().num_numbers();
    if (index) {
      interleave(input.at(at), has_second ? input.at(at + 1) : nullptr, size, input_);
    } else {
      const std::uint8_t* const first = pictures + at * size;
      interleave_pixels(first, has_second ? first + size : nullptr, size, input_);
    }
    interleave_and_sum(gradient.at(at), has_second ? gradient.at(at + 1) : nullptr, layer.output().num_pixels(),
                       layer.num_filters(), gradient_, sums + layer.num_weights());
    layer.add_gradient(input_, gradient_, sums);
  }

  const Stack& stack_;
  const std::vector<const Pair*>& packed_;
  Pair *input_, *gradient_;
  Bf16* passed_[2];
  float* sums_;
};

void Stack::backward(const std::uint8_t* pictures, std::size_t num_pictures, const std::vector<Weights>& weights,
                     const Bf16* hidden, const Bf16* features, const Bf16* gradient, float* parameter_gradient,
                     unsigned num_threads) const {
  const std::vector<const Pair*> packed = pack(layers_, weights, Direction::kBackward);
  const unsigned num_parts = count_parts(num_pictures, num_threads);
  static thread_local Buffer<float> buffer;
  float* const sums = buffer.of(num_parts * num_parameters_);
  run_together(num_parts, [&](unsigned part) {
    Backward own(*this, packed, sums + part * num_parameters_);
    const Span span = share(num_pictures, part, num_parts);
    for (std::size_t at = span.begin; at < span.end; at += kTogether) {
      own.add(pictures + at * picture().num_numbers(), std::min(kTogether, span.end - at), hidden + at * num_hidden_,
              features + at * num_features(), gradient + at * num_features());
    }
  });
  std::vector<const float*> parts;
  for (unsigned part = 0; part < num_parts; ++part) parts.push_back(sums + part * num_parameters_);
  collect(parts, parameter_gradient);
}

void Stack::collect(const std::vector<const float*>& parts, float* parameter_gradient) const {
  for (std::size_t index = 0; index < layers_.size(); ++index) {
    const Layer& layer = layers_[index];
    std::vector<const float*> sums;
    for (const float* part : parts) sums.push_back(part + parameter_offsets_[index]);
    float* const to = parameter_gradient + parameter_offsets_[index];
    transpose_and_sum(sums.data(), sums.size(), layer.num_rows(), layer.num_filters(), index ? 1.0F : kPixelScale, to);
    float* const bias = to + layer.num_weights();
    std::fill_n(bias, layer.num_filters(), 0.0F);
    for (const float* part : sums) {
      for (std::size_t at = 0; at < layer.num_filters(); ++at) bias[at] += part[layer.num_weights() + at];
    }
  }
}

}  // namespace ngp::kernels
