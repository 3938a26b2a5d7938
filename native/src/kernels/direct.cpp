#include "direct.hpp"

#include <algorithm>
#include <map>
#include <type_traits>
#include <utility>

#include "buffer.hpp"
#include "packing.hpp"

namespace ngp::kernels {
namespace {

constexpr auto kNarrowPack = static_cast<std::int32_t>(kPack);
constexpr std::size_t kStripBytes = 20 * 1024;  // of a gradient, so that it stays in the first cache

// The outputs from `begin` to `end` along one side whose tap number `tap` lies inside of the picture.
struct Range {
  std::size_t begin, end;
};

Range inside(std::size_t tap, std::size_t stride, std::size_t padding, std::size_t input, std::size_t output) {
  const std::size_t begin = tap < padding ? (padding - tap + stride - 1) / stride : 0;
  const std::size_t end = input + padding > tap ? (input + padding - tap - 1) / stride + 1 : 0;
  return {begin, std::max(begin, std::min(end, output))};
}

}  // namespace

Direct::Direct(const Extent& input, const Extent& output, const Shape& shape)
    : input_(input), output_(output), shape_(shape) {
  group_forward();
  if (input.num_channels % 16 == 0) group_backward();
}

void Direct::group_forward() {
  std::map<std::vector<Tap>, std::vector<Place>> found;
  const auto channels = static_cast<std::int32_t>(input_.num_channels);
  const auto size = static_cast<std::int32_t>(shape_.size), padding = static_cast<std::int32_t>(shape_.padding);
  const auto height = static_cast<std::int32_t>(input_.height), width = static_cast<std::int32_t>(input_.width);
  for (std::size_t pixel = 0; pixel < output_.num_pixels(); ++pixel) {
    const auto top = static_cast<std::int32_t>(pixel / output_.width * shape_.stride) - padding;
    const auto left = static_cast<std::int32_t>(pixel % output_.width * shape_.stride) - padding;
    const std::int32_t first = std::max(0, -left), last = std::min(size, width - left);
    std::vector<Tap> taps;
    for (std::int32_t down = std::max(0, -top); down < std::min(size, height - top); ++down) {
      taps.push_back({(down * width + first) * channels, (down * size + first) * channels / kNarrowPack,
                      (last - first) * channels / kNarrowPack});
    }
    found[taps].push_back({(top * width + left) * channels, static_cast<std::int32_t>(pixel * output_.num_channels)});
  }
  for (auto& [taps, places] : found) forward_.push_back({taps, std::move(places)});
}

void Direct::group_backward() {
  std::map<std::vector<Tap>, std::vector<Place>> found;
  const auto filters = static_cast<std::int32_t>(shape_.num_filters), size = static_cast<std::int32_t>(shape_.size);
  const auto stride = static_cast<std::int32_t>(shape_.stride), padding = static_cast<std::int32_t>(shape_.padding);
  const auto height = static_cast<std::int32_t>(output_.height), width = static_cast<std::int32_t>(output_.width);
  for (std::size_t pixel = 0; pixel < input_.num_pixels(); ++pixel) {
    const auto row = static_cast<std::int32_t>(pixel / input_.width) + padding;
    const auto column = static_cast<std::int32_t>(pixel % input_.width) + padding;
    const std::int32_t base = (row / stride * width + column / stride) * filters;
    std::vector<Tap> taps;
    for (std::int32_t down = row % stride; down < size && down <= row; down += stride) {
      for (std::int32_t right = column % stride; right < size && right <= column; right += stride) {
        const std::int32_t y = (row - down) / stride, x = (column - right) / stride;
        if (y >= height || x >= width) continue;
        taps.push_back({(y * width + x) * filters - base, (down * size + right) * filters / kNarrowPack,
                        filters / kNarrowPack});
      }
    }
    found[taps].push_back({base, static_cast<std::int32_t>(pixel * input_.num_channels)});
  }
  for (auto& [taps, places] : found) backward_.push_back({taps, std::move(places)});
}

void Direct::pack_forward(const Real* weights, Pack* packed) const {
  transpose_packs(weights, num_filters(), num_rows() / kPack, packed);
}

void Direct::pack_backward(const Real* weights, Pack* packed) const {
  const std::size_t num_channels = input_.num_channels, num_packs = num_filters() / kPack;
  for (std::size_t pack = 0; pack < num_packs; ++pack) {
    const Real* const first = weights + kPack * pack * num_rows();
    for (std::size_t tap = 0; tap < shape_.size * shape_.size; ++tap) {
      const Real* const from = first + tap * num_channels;
      interleave(from, from + num_rows(), num_channels, packed + (tap * num_packs + pack) * num_channels);
    }
  }
}

void Direct::run(const std::vector<Group>& groups, const Pack* packed, std::size_t num_outputs, const Finish& finish,
                Pictures<const Real> input, Pictures<Real> output, std::size_t num_pictures) {
  for (const Group& group : groups) {
    const Patches patches{group.taps.data(), group.taps.size(), group.places.data(), group.places.size()};
    multiply(patches, packed, num_outputs, finish, input, output, num_pictures);
  }
}

template <typename Number>
void Direct::forward(const Pack* packed, float scale, const float* bias, Pictures<const Number> input,
                    Pictures<Real> output, std::size_t num_pictures) const {
  const Finish finish{scale, bias, {nullptr, 0}};
  if constexpr (std::is_same_v<Number, Real>) {
    run(forward_, packed, num_filters(), finish, input, output, num_pictures);
  } else {
    static thread_local Buffer<Real> buffer;
    const std::size_t size = input_.num_numbers();
    Real* const pixels = buffer.of(size);
    for (std::size_t at = 0; at < num_pictures; ++at) {  // one at a time, so that its numbers stay in the cache
      widen_pixels(input.at(at), size, pixels);
      run(forward_, packed, num_filters(), finish, {pixels, size}, {output.at(at), output.step}, 1);
    }
  }
}

template void Direct::forward(const Pack*, float, const float*, Pictures<const Real>, Pictures<Real>,
                              std::size_t) const;
template void Direct::forward(const Pack*, float, const float*, Pictures<const std::uint8_t>, Pictures<Real>,
                             std::size_t) const;

void Direct::backward(const Pack* packed, Pictures<const Real> gradient, Pictures<const Real> input,
                     Pictures<Real> input_gradient, std::size_t num_pictures) const {
  run(backward_, packed, input_.num_channels, {1.0F, nullptr, input}, gradient, input_gradient, num_pictures);
}

template <typename Number>
void Direct::add_gradient(Pictures<const Number> input, Pictures<const Real> gradient, std::size_t num_pictures,
                          float* sums, float* bias_sums) const {
  static thread_local Buffer<Pack> input_packs, gradient_packs;
  const std::size_t size = input_.num_numbers();
  Pack* const left = input_packs.of(size);
  Pack* const right = gradient_packs.of(output_.num_numbers());
  for (std::size_t at = 0; at < num_pictures; at += kPack) {
    const bool has_second = kPack == 2 && at + 1 < num_pictures;
    interleave(input.at(at), has_second ? input.at(at + 1) : nullptr, size, left);
    interleave_and_sum(gradient.at(at), has_second ? gradient.at(at + 1) : nullptr, output_.num_pixels(), num_filters(),
                       right, bias_sums);
    add_pack(left, right, sums);
  }
}

template void Direct::add_gradient(Pictures<const Real>, Pictures<const Real>, std::size_t, float*, float*) const;
template void Direct::add_gradient(Pictures<const std::uint8_t>, Pictures<const Real>, std::size_t, float*,
                                   float*) const;

void Direct::finish(const std::vector<const float*>& parts, float scale, float* to) const {
  transpose_and_sum(parts.data(), parts.size(), num_rows(), num_filters(), scale, to);
}

void Direct::add_pack(const Pack* input, const Pack* gradient, float* sums) const {
  const std::size_t channels = input_.num_channels, filters = num_filters(), stride = shape_.stride;
  const std::size_t strip = std::max<std::size_t>(1, kStripBytes / (output_.width * filters * sizeof(Pack)));
  // Without padding all taps of a row are inside for the same outputs, and lie side by side.
  const std::size_t together = shape_.padding ? 1 : shape_.size;
  for (std::size_t top = 0; top < output_.height; top += strip) {
    for (std::size_t tap = 0; tap < shape_.size * shape_.size; tap += together) {
      const std::size_t down = tap / shape_.size, right = tap % shape_.size;
      const Range rows = inside(down, stride, shape_.padding, input_.height, output_.height);
      const Range columns = inside(right, stride, shape_.padding, input_.width, output_.width);
      const std::size_t begin = std::max(rows.begin, top), end = std::min(rows.end, top + strip);
      if (begin >= end || columns.begin >= columns.end) continue;
      const std::size_t y = begin * stride + down - shape_.padding, x = columns.begin * stride + right - shape_.padding;
      const Overlap overlap{end - begin, columns.end - columns.begin, stride * input_.width * channels,
                            stride * channels, output_.width * filters, filters};
      accumulate(overlap, input + (y * input_.width + x) * channels,
                 gradient + (begin * output_.width + columns.begin) * filters, together * channels, filters,
                 sums + tap * channels * filters);
    }
  }
}

}  // namespace ngp::kernels
