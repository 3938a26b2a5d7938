#include "stack.hpp"

#include <algorithm>
#include <cstring>
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

// Part `part` of the pictures, in whole packs.
Span share(std::size_t num_pictures, unsigned part, unsigned num_parts) {
  const std::size_t num_packs = (num_pictures + kPack - 1) / kPack;
  const auto bound = [&](std::size_t at) { return std::min(num_pictures, num_packs * at / num_parts * kPack); };
  return {bound(part), bound(part + 1)};
}

unsigned count_parts(std::size_t num_pictures, unsigned num_threads) {
  const std::size_t num_packs = (num_pictures + kPack - 1) / kPack;
  return static_cast<unsigned>(std::clamp<std::size_t>(num_packs, 1, std::max(1U, num_threads)));
}

enum class Direction { kForward, kBackward };

// Calls `work(index)` for each of `count` layers, several at a time.
template <typename Work>
void for_layers(std::size_t count, unsigned num_threads, const Work& work) {
  const unsigned num_parts = std::min(std::max(1U, num_threads), static_cast<unsigned>(count));
  run_together(num_parts, [&](unsigned part) {
    for (std::size_t index = part; index < count; index += num_parts) work(index);
  });
}

// The weights of each layer as its products want them.
std::vector<const Pack*> pack(const std::vector<Layer>& layers, const std::vector<Weights>& weights,
                              Direction direction, Buffer<Pack>& buffer, unsigned num_threads) {
  std::size_t size = 0;
  for (const Layer& layer : layers) size += layer.num_packed();
  Pack* to = buffer.of(size);
  std::vector<Pack*> places;
  for (const Layer& layer : layers) {
    places.push_back(to);
    to += layer.num_packed();
  }
  for_layers(layers.size(), num_threads, [&](std::size_t index) {
    const Layer& layer = layers[index];
    if (direction == Direction::kBackward && !index) return;  // pictures get no gradient
    const Real* const given = weights[index].weight;
    std::visit(
        [&](const auto& way) {
          direction == Direction::kForward ? way.pack_forward(given, places[index])
                                           : way.pack_backward(given, places[index]);
        },
        layer.way());
  });
  return {places.begin(), places.end()};
}

std::vector<std::vector<float>> biases_of(const std::vector<Layer>& layers, const std::vector<Weights>& weights) {
  std::vector<std::vector<float>> biases;
  for (std::size_t index = 0; index < layers.size(); ++index) {
    biases.emplace_back(layers[index].num_filters());
    std::vector<float>& bias = biases.back();
    widen(weights[index].bias, bias.size(), bias.data());
  }
  return biases;
}

// Calls `work(numbers, count)` for the weights and for the biases of each layer.
template <typename Work>
void for_numbers(const std::vector<Layer>& layers, const std::vector<Weights>& weights, const Work& work) {
  for (std::size_t index = 0; index < layers.size(); ++index) {
    work(weights[index].weight, layers[index].num_weights());
    work(weights[index].bias, layers[index].num_filters());
  }
}

bool has_same(const std::vector<Layer>& layers, const std::vector<Weights>& weights, const std::vector<Real>& source) {
  std::size_t at = 0;
  bool is_same = true;
  for_numbers(layers, weights, [&](const Real* numbers, std::size_t count) {
    is_same = is_same && at + count <= source.size() && !std::memcmp(numbers, source.data() + at, count * sizeof(Real));
    at += count;
  });
  return is_same && at == source.size();
}

}  // namespace

Stack::Stack(const Extent& picture, const std::vector<Shape>& shapes) {
  if (shapes.empty()) throw std::invalid_argument("There must be a convolution.");
  Extent extent = picture;
  for (const Shape& shape : shapes) {
    const Layer& layer = layers_.emplace_back(extent, shape);
    extent = layer.output();
    parameter_offsets_.push_back(num_parameters_);
    num_parameters_ += layer.num_weights() + layer.num_filters();
    hidden_offsets_.push_back(num_hidden_);
    if (hidden_offsets_.size() < shapes.size()) num_hidden_ += layer.output().num_numbers();
    sum_offsets_.push_back(num_sums_);
    num_sums_ += layer.num_sums();
  }
}

Pictures<const Real> Stack::output(std::size_t layer, const Real* hidden, const Real* features) const {
  if (layer + 1 == layers().size()) return {features, num_features()};
  return {hidden + hidden_offsets_[layer], num_hidden_};
}

Pictures<const std::uint8_t> Stack::pixels(const std::uint8_t* pictures) const {
  return {pictures, picture().num_numbers()};
}

void Stack::prepare(const std::vector<Weights>& weights, Prepared& to, unsigned num_threads) const {
  to.packed = pack(layers_, weights, Direction::kForward, to.numbers, num_threads);
  to.biases = biases_of(layers_, weights);
}

void Stack::forward(const std::uint8_t* pictures, std::size_t num_pictures, const std::vector<Weights>& weights,
                    Real* hidden, Real* features, unsigned num_threads) const {
  static thread_local Prepared prepared;
  prepare(weights, prepared, num_threads);
  forward(pictures, num_pictures, prepared, hidden, features, num_threads);
}

void Stack::forward(const std::uint8_t* pictures, std::size_t num_pictures, const Prepared& prepared, Real* hidden,
                    Real* features, unsigned num_threads) const {
  const unsigned num_parts = count_parts(num_pictures, num_threads);
  run_together(num_parts, [&](unsigned part) {
    const Span span = share(num_pictures, part, num_parts);
    static thread_local Buffer<Real> buffer;
    Real* const own = hidden ? nullptr : buffer.of(kTogether * num_hidden_);
    for (std::size_t at = span.begin; at < span.end; at += kTogether) {
      forward_part(pictures + at * picture().num_numbers(), std::min(kTogether, span.end - at), prepared,
                   hidden ? hidden + at * num_hidden_ : own, features + at * num_features());
    }
  });
}

void Stack::forward_part(const std::uint8_t* pictures, std::size_t num_pictures, const Prepared& prepared,
                         Real* hidden, Real* features) const {
  for (std::size_t index = 0; index < layers_.size(); ++index) {
    const Layer& layer = layers_[index];
    const Pictures<const Real> place = output(index, hidden, features);
    const Pictures<Real> to{const_cast<Real*>(place.first), place.step};
    const float* const bias = prepared.biases[index].data();
    std::visit(
        [&](const auto& way) {
          if (index) {
            way.forward(prepared.packed[index], 1.0F, bias, output(index - 1, hidden, features), to, num_pictures);
          } else {
            way.forward(prepared.packed[0], kPixelScale, bias, pixels(pictures), to, num_pictures);
          }
        },
        layer.way());
  }
}

void Stack::backward_part(const std::uint8_t* pictures, std::size_t num_pictures,
                          const std::vector<const Pack*>& packed, const Real* hidden, const Real* features,
                          const Real* gradient, float* sums) const {
  static thread_local Buffer<Real> buffers[2];  // gradients of a layer's outputs and of its inputs, in turns
  std::size_t largest = 0;
  for (const Layer& layer : layers_) largest = std::max(largest, layer.output().num_numbers());
  Real* const passed[] = {buffers[0].of(kTogether * largest), buffers[1].of(kTogether * largest)};
  std::size_t index = layers_.size() - 1;
  gate(gradient, features, num_pictures * num_features(), passed[index % 2]);
  for (;; --index) {
    const Layer& layer = layers_[index];
    const Pictures<const Real> now{passed[index % 2], layer.output().num_numbers()};
    float* const own = sums + sum_offsets_[index];
    float* const bias = own + layer.num_weight_sums();
    std::visit(
        [&](const auto& way) {
          if (!index) return way.add_gradient(pixels(pictures), now, num_pictures, own, bias);
          const Pictures<const Real> input = output(index - 1, hidden, features);
          way.add_gradient(input, now, num_pictures, own, bias);
          way.backward(packed[index], now, input, {passed[(index - 1) % 2], layer.input().num_numbers()}, num_pictures);
        },
        layer.way());
    if (!index) return;
  }
}

void Stack::backward(const std::uint8_t* pictures, std::size_t num_pictures, const std::vector<Weights>& weights,
                     const Real* hidden, const Real* features, const Real* gradient, float* parameter_gradient,
                     unsigned num_threads) const {
  static thread_local Buffer<Pack> packed_buffer;
  const std::vector<const Pack*> packed =
      pack(layers_, weights, Direction::kBackward, packed_buffer, num_threads);
  const unsigned num_parts = count_parts(num_pictures, num_threads);
  static thread_local Buffer<float> buffer;
  float* const sums = buffer.of(num_parts * num_sums_);
  run_together(num_parts, [&](unsigned part) {
    float* const own = sums + part * num_sums_;
    std::fill_n(own, num_sums_, 0.0F);
    const Span span = share(num_pictures, part, num_parts);
    for (std::size_t at = span.begin; at < span.end; at += kTogether) {
      backward_part(pictures + at * picture().num_numbers(), std::min(kTogether, span.end - at), packed,
                    hidden + at * num_hidden_, features + at * num_features(), gradient + at * num_features(), own);
    }
  });
  for_layers(layers_.size(), num_threads, [&](std::size_t index) {
    std::vector<const float*> parts;
    for (unsigned part = 0; part < num_parts; ++part) {
      parts.push_back(sums + part * num_sums_ + sum_offsets_[index]);
    }
    layers_[index].finish(parts, index ? 1.0F : kPixelScale, parameter_gradient + parameter_offsets_[index]);
  });
}

const Prepared& KeptWeights::find(const Stack& stack, const std::vector<Weights>& weights, unsigned num_threads) {
  const std::lock_guard<std::mutex> lock(turn_);
  if (has_same(stack.layers(), weights, source_)) return prepared_;
  source_.clear();
  for_numbers(stack.layers(), weights, [&](const Real* numbers, std::size_t count) {
    source_.insert(source_.end(), numbers, numbers + count);
  });
  stack.prepare(weights, prepared_, num_threads);
  return prepared_;
}

}  // namespace ngp::kernels
