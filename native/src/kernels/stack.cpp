#include "stack.hpp"

#include <algorithm>
#include <stdexcept>

#include "buffer.hpp"
#include "packing.hpp"
#include "team.hpp"

namespace ngp::kernels {
namespace {

constexpr std::size_t kTogether = 8;       // pictures that go through a layer at once and stay in the second cache
constexpr std::size_t kLeastTiled = 16;    // pictures from which on tiles are worth what they make of the weights
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

// Calls `work(index)` for each of `count` layers, several at a time.
template <typename Work>
void for_layers(std::size_t count, unsigned num_threads, const Work& work) {
  const unsigned num_parts = std::min(std::max(1U, num_threads), static_cast<unsigned>(count));
  run_together(num_parts, [&](unsigned part) {
    for (std::size_t index = part; index < count; index += num_parts) work(index);
  });
}

// The weights of each layer as its products want them, in a buffer of this thread until its next call.
std::vector<const Pair*> pack(const std::vector<Layer>& layers, const std::vector<Weights>& weights,
                              Direction direction, unsigned num_threads) {
  static thread_local Buffer<Pair> buffer;
  std::size_t size = 0;
  for (const Layer& layer : layers) size += layer.num_packed();
  Pair* to = buffer.of(size);
  std::vector<Pair*> places;
  for (const Layer& layer : layers) {
    places.push_back(to);
    to += layer.num_packed();
  }
  for_layers(layers.size(), num_threads, [&](std::size_t index) {
    static thread_local Buffer<Bf16> rounded;
    const Layer& layer = layers[index];
    if (direction == Direction::kBackward && !index) return;  // pictures get no gradient
    const Bf16* const given = as_bf16(weights[index], layer.num_weights(), rounded);
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
    if (weights[index].is_low) {
      widen(static_cast<const Bf16*>(weights[index].bias), bias.size(), bias.data());
    } else {
      std::copy_n(static_cast<const float*>(weights[index].bias), bias.size(), bias.data());
    }
  }
  return biases;
}

}  // namespace

Stack::Stack(const Extent& picture, const std::vector<Shape>& shapes)
    : plain_(make_plan(picture, shapes, false)), tiled_(make_plan(picture, shapes, true)) {
  for (const Layer& layer : layers()) {
    parameter_offsets_.push_back(num_parameters_);
    num_parameters_ += layer.num_weights() + layer.num_filters();
    hidden_offsets_.push_back(num_hidden_);
    if (hidden_offsets_.size() < shapes.size()) num_hidden_ += layer.output().num_numbers();
  }
}

Stack::Plan Stack::make_plan(const Extent& picture, const std::vector<Shape>& shapes, bool may_tile) {
  if (shapes.empty()) throw std::invalid_argument("There must be a convolution.");
  Plan plan;
  Extent extent = picture;
  for (const Shape& shape : shapes) {
    plan.layers.emplace_back(extent, shape, may_tile);
    extent = plan.layers.back().output();
    plan.sum_offsets.push_back(plan.num_sums);
    plan.num_sums += plan.layers.back().num_sums();
  }
  return plan;
}

const Stack::Plan& Stack::plan_for(std::size_t num_pictures) const {
  return num_pictures < kLeastTiled ? plain_ : tiled_;
}

unsigned Stack::threads_for(const Plan& plan, unsigned num_threads) const {
  return &plan == &plain_ ? 1 : num_threads;
}

Pictures<const Bf16> Stack::output(std::size_t layer, const Bf16* hidden, const Bf16* features) const {
  if (layer + 1 == layers().size()) return {features, num_features()};
  return {hidden + hidden_offsets_[layer], num_hidden_};
}

Pictures<const std::uint8_t> Stack::pixels(const std::uint8_t* pictures) const {
  return {pictures, picture().num_numbers()};
}

void Stack::forward(const std::uint8_t* pictures, std::size_t num_pictures, const std::vector<Weights>& weights,
                    Bf16* hidden, Bf16* features, unsigned num_threads) const {
  const Plan& plan = plan_for(num_pictures);
  const unsigned num_packers = threads_for(plan, num_threads);
  const std::vector<const Pair*> packed = pack(plan.layers, weights, Direction::kForward, num_packers);
  const std::vector<std::vector<float>> biases = biases_of(plan.layers, weights);
  const unsigned num_parts = count_parts(num_pictures, num_threads);
  run_together(num_parts, [&](unsigned part) {
    const Span span = share(num_pictures, part, num_parts);
    static thread_local Buffer<Bf16> buffer;
    Bf16* const own = hidden ? nullptr : buffer.of(kTogether * num_hidden_);
    for (std::size_t at = span.begin; at < span.end; at += kTogether) {
      forward_part(plan, pictures + at * picture().num_numbers(), std::min(kTogether, span.end - at), packed, biases,
                   hidden ? hidden + at * num_hidden_ : own, features + at * num_features());
    }
  });
}

void Stack::forward_part(const Plan& plan, const std::uint8_t* pictures, std::size_t num_pictures,
                         const std::vector<const Pair*>& packed, const std::vector<std::vector<float>>& biases,
                         Bf16* hidden, Bf16* features) const {
  for (std::size_t index = 0; index < plan.layers.size(); ++index) {
    const Layer& layer = plan.layers[index];
    const Pictures<const Bf16> place = output(index, hidden, features);
    const Pictures<Bf16> to{const_cast<Bf16*>(place.first), place.step};
    const float* const bias = biases[index].data();
    std::visit(
        [&](const auto& way) {
          if (index) {
            way.forward(packed[index], 1.0F, bias, output(index - 1, hidden, features), to, num_pictures);
          } else {
            way.forward(packed[0], kPixelScale, bias, pixels(pictures), to, num_pictures);
          }
        },
        layer.way());
  }
}

void Stack::backward_part(const Plan& plan, const std::uint8_t* pictures, std::size_t num_pictures,
                          const std::vector<const Pair*>& packed, const Bf16* hidden, const Bf16* features,
                          const Bf16* gradient, float* sums) const {
  static thread_local Buffer<Bf16> buffers[2];  // gradients of a layer's outputs and of its inputs, in turns
  std::size_t largest = 0;
  for (const Layer& layer : plan.layers) largest = std::max(largest, layer.output().num_numbers());
  Bf16* const passed[] = {buffers[0].of(kTogether * largest), buffers[1].of(kTogether * largest)};
  std::size_t index = plan.layers.size() - 1;
  gate(gradient, features, num_pictures * num_features(), passed[index % 2]);
  for (;; --index) {
    const Layer& layer = plan.layers[index];
    const Pictures<const Bf16> now{passed[index % 2], layer.output().num_numbers()};
    float* const own = sums + plan.sum_offsets[index];
    float* const bias = own + layer.num_weight_sums();
    std::visit(
        [&](const auto& way) {
          if (!index) return way.add_gradient(pixels(pictures), now, num_pictures, own, bias);
          const Pictures<const Bf16> input = output(index - 1, hidden, features);
          way.add_gradient(input, now, num_pictures, own, bias);
          way.backward(packed[index], now, input, {passed[(index - 1) % 2], layer.input().num_numbers()}, num_pictures);
        },
        layer.way());
    if (!index) return;
  }
}

void Stack::backward(const std::uint8_t* pictures, std::size_t num_pictures, const std::vector<Weights>& weights,
                     const Bf16* hidden, const Bf16* features, const Bf16* gradient, float* parameter_gradient,
                     unsigned num_threads) const {
  const Plan& plan = plan_for(num_pictures);
  const unsigned num_packers = threads_for(plan, num_threads);
  const std::vector<const Pair*> packed = pack(plan.layers, weights, Direction::kBackward, num_packers);
  const unsigned num_parts = count_parts(num_pictures, num_threads);
  static thread_local Buffer<float> buffer;
  float* const sums = buffer.of(num_parts * plan.num_sums);
  run_together(num_parts, [&](unsigned part) {
    float* const own = sums + part * plan.num_sums;
    std::fill_n(own, plan.num_sums, 0.0F);
    const Span span = share(num_pictures, part, num_parts);
    for (std::size_t at = span.begin; at < span.end; at += kTogether) {
      backward_part(plan, pictures + at * picture().num_numbers(), std::min(kTogether, span.end - at), packed,
                    hidden + at * num_hidden_, features + at * num_features(), gradient + at * num_features(), own);
    }
  });
  for_layers(plan.layers.size(), num_packers, [&](std::size_t index) {
    std::vector<const float*> parts;
    for (unsigned part = 0; part < num_parts; ++part) {
      parts.push_back(sums + part * plan.num_sums + plan.sum_offsets[index]);
    }
    plan.layers[index].finish(parts, index ? 1.0F : kPixelScale, parameter_gradient + parameter_offsets_[index]);
  });
}

}  // namespace ngp::kernels
