#include "winograd.hpp"

#include <algorithm>

#include "buffer.hpp"
#include "packing.hpp"

namespace ngp::kernels {
namespace {

constexpr std::size_t kCacheBytes = 448 * 1024;  // of the second cache, for what is between two steps
constexpr std::size_t kMostTogether = 8;
constexpr std::size_t kLineBytes = 64;

// Memory that is soon read or written.
struct Wanted {
  const void* begin;
  std::size_t num_bytes;
};

// Asks for part `part` of `num_parts` of some memory, so that it arrives while something else is computed. Memory that
// does not exist may be asked for.
void fetch(const Wanted& wanted, std::size_t part, std::size_t num_parts) {
  const std::size_t num_lines = (wanted.num_bytes + kLineBytes - 1) / kLineBytes;
  const char* const begin = static_cast<const char*>(wanted.begin);
  for (std::size_t line = num_lines * part / num_parts; line < num_lines * (part + 1) / num_parts; ++line) {
    __builtin_prefetch(begin + line * kLineBytes, 0, 2);
  }
}

// A picture's numbers, and those of the ones that follow it.
template <typename Number>
Wanted pictures_at(Pictures<Number> pictures, std::size_t at, std::size_t count) {
  return {pictures.at(at), count * pictures.step * sizeof(Number)};
}

// How many pictures go together, so that what is between the steps stays in the second cache.
std::size_t num_together(std::size_t bytes_per_picture) {
  const std::size_t count = std::clamp<std::size_t>(kCacheBytes / bytes_per_picture, 1, kMostTogether);
  return count < 4 ? count : count / 4 * 4;  // tiles of four pictures fill whole blocks of rows
}

// At each point, to[tile][output] = from[tile] * packed; meanwhile memory is fetched that is wanted next.
void multiply_points(const Real* from, std::size_t num_tiles, std::size_t num_inputs, const Pack* packed,
                     std::size_t num_outputs, float* to, const std::vector<Wanted>& wanted) {
  for (std::size_t point = 0; point < kAllPoints; ++point) {
    for (const Wanted& memory : wanted) fetch(memory, point, kAllPoints);
    multiply_rows(from + point * num_tiles * num_inputs, num_tiles, num_inputs,
                  packed + point * num_inputs / kPack * num_outputs, num_outputs, to + point * num_tiles * num_outputs);
  }
}

}  // namespace

bool Winograd::fits(const Extent& input, const Shape& shape) {
  const bool has_taps = shape.size == 2 * shape.stride || (shape.size == 3 && shape.stride == 1);
  return has_taps && shape.padding == 0 && shape.stride * input.num_channels % 16 == 0;
}

Winograd::Winograd(const Extent& input, const Extent& output, const Shape& shape)
    : outputs_{output.height, output.width, output.num_channels},
      num_taps_(shape.size / shape.stride),
      num_outputs_(kPoints + 1 - num_taps_) {
  squares_ = {output.height + num_taps_ - 1, output.width + num_taps_ - 1, shape.stride,
             input.width * input.num_channels, shape.stride * input.num_channels};
  const bool is_covered =
      squares_.height * shape.stride == input.height && squares_.width * shape.stride == input.width;
  num_uncovered_ = is_covered ? 0 : input.num_numbers();
  for (std::size_t top = 0; top < output.height; top += num_outputs_) {
    for (std::size_t left = 0; left < output.width; left += num_outputs_) tiles_.push_back({top, left});
  }
}

const Real* Winograd::transform_filters(const Real* weights) const {
  static thread_local Buffer<Real> buffer;
  const std::size_t size = num_numbers(), num_filters = outputs_.num_filters;
  Real* const to = buffer.of(kAllPoints * num_filters * size);
  for (std::size_t filter = 0; filter < num_filters; ++filter) {
    transform_filter(weights + filter * num_taps_ * num_taps_ * size, squares_, num_taps_, to + filter * size,
                     num_filters * size);
  }
  return to;
}

void Winograd::pack_forward(const Real* weights, Pack* packed) const {
  const std::size_t size = num_numbers(), num_filters = outputs_.num_filters;
  const Real* from = transform_filters(weights);
  for (std::size_t point = 0; point < kAllPoints; ++point) {
    transpose_packs(from, num_filters, size / kPack, packed);
    from += num_filters * size;
    packed += num_filters * size / kPack;
  }
}

void Winograd::pack_backward(const Real* weights, Pack* packed) const {
  const std::size_t size = num_numbers();
  const Real* from = transform_filters(weights);
  const std::size_t num_packs = kAllPoints * outputs_.num_filters / kPack;
  for (std::size_t pack = 0; pack < num_packs; ++pack, from += kPack * size, packed += size) {
    interleave(from, from + size, size, packed);
  }
}

template <typename Number>
void Winograd::forward(const Pack* packed, float scale, const float* bias, Pictures<const Number> input,
                       Pictures<Real> output, std::size_t num_pictures) const {
  static thread_local Buffer<Real> inputs;
  static thread_local Buffer<float> sums;
  const std::size_t size = num_numbers(), num_filters = outputs_.num_filters;
  const std::size_t numbers = kAllPoints * tiles_.size();
  const std::size_t together = num_together(numbers * (size * sizeof(Real) + num_filters * sizeof(float)));
  for (std::size_t at = 0; at < num_pictures; at += together) {
    const std::size_t count = std::min(together, num_pictures - at), num_tiles = count * tiles_.size();
    Real* const transformed = inputs.of(together * numbers * size);
    float* const found = sums.of(together * numbers * num_filters);
    for (std::size_t tile = 0; tile < num_tiles; ++tile) {
      transform_input<false, Number>(input.at(at + tile / tiles_.size()), nullptr, squares_,
                                     tiles_[tile % tiles_.size()], transformed + tile * size, num_tiles * size);
    }
    multiply_points(transformed, num_tiles, size, packed, num_filters, found,
                    {pictures_at(input, at + count, count), pictures_at(output, at, count)});
    for (std::size_t tile = 0; tile < num_tiles; ++tile) {
      finish_tile(found + tile * num_filters, num_tiles * num_filters, scale, bias, num_outputs_,
                  tiles_[tile % tiles_.size()], outputs_, output.at(at + tile / tiles_.size()));
    }
  }
}

template void Winograd::forward(const Pack*, float, const float*, Pictures<const Real>, Pictures<Real>,
                                std::size_t) const;
template void Winograd::forward(const Pack*, float, const float*, Pictures<const std::uint8_t>, Pictures<Real>,
                                std::size_t) const;

void Winograd::backward(const Pack* packed, Pictures<const Real> gradient, Pictures<const Real> input,
                        Pictures<Real> input_gradient, std::size_t num_pictures) const {
  static thread_local Buffer<Real> gradients;
  static thread_local Buffer<float> products, sums;
  const std::size_t size = num_numbers(), num_filters = outputs_.num_filters;
  const std::size_t numbers = kAllPoints * tiles_.size(), num_squares = squares_.height * squares_.width;
  const std::size_t together = num_together(numbers * (num_filters * sizeof(Real) + size * sizeof(float)));
  for (std::size_t at = 0; at < num_pictures; at += together) {
    const std::size_t count = std::min(together, num_pictures - at), num_tiles = count * tiles_.size();
    Real* const transformed = gradients.of(together * numbers * num_filters);
    float* const found = products.of(together * numbers * size);
    float* const whole = sums.of(num_squares * size);
    for (std::size_t tile = 0; tile < num_tiles; ++tile) {
      transform_gradient<false>(gradient.at(at + tile / tiles_.size()), nullptr, outputs_, num_outputs_,
                                tiles_[tile % tiles_.size()], transformed + tile * num_filters,
                                num_tiles * num_filters);
    }
    multiply_points(transformed, num_tiles, num_filters, packed, size, found, {});
    for (std::size_t picture = 0; picture < count; ++picture) {
      std::fill_n(whole, num_squares * size, 0.0F);
      for (std::size_t tile = 0; tile < tiles_.size(); ++tile) {
        add_tile(found + (picture * tiles_.size() + tile) * size, num_tiles * size, squares_, tiles_[tile], whole);
      }
      std::fill_n(input_gradient.at(at + picture), num_uncovered_, Real{0});
      gate_squares(whole, squares_, input.at(at + picture), input_gradient.at(at + picture));
    }
  }
}

template <typename Number>
void Winograd::add_gradient(Pictures<const Number> input, Pictures<const Real> gradient, std::size_t num_pictures,
                            float* sums, float* bias_sums) const {
  static thread_local Buffer<Pack> inputs, gradients;
  const std::size_t size = num_numbers(), num_filters = outputs_.num_filters;
  const std::size_t numbers = kAllPoints * tiles_.size();
  // Pictures go in packs; the tiles of several packs lie side by side at each point.
  const std::size_t most = num_together(numbers * (size + num_filters) * sizeof(Pack));
  const std::size_t packs = std::max<std::size_t>(1, most / kPack);
  for (std::size_t at = 0; at < num_pictures; at += kPack * packs) {
    const std::size_t count = std::min(kPack * packs, num_pictures - at);
    const std::size_t num_tiles = (count + kPack - 1) / kPack * tiles_.size();
    Pack* const left = inputs.of(packs * numbers * size);
    Pack* const right = gradients.of(packs * numbers * num_filters);
    for (std::size_t tile = 0; tile < num_tiles; ++tile) {
      const std::size_t first = at + tile / tiles_.size() * kPack;
      const bool has_second = kPack == 2 && first + 1 < at + count;
      const Tile& place = tiles_[tile % tiles_.size()];
      transform_input<true, Number>(input.at(first), has_second ? input.at(first + 1) : nullptr, squares_,
                                    place, left + tile * size, num_tiles * size);
      transform_gradient<true>(gradient.at(first), has_second ? gradient.at(first + 1) : nullptr, outputs_,
                               num_outputs_, place, right + tile * num_filters, num_tiles * num_filters);
    }
    const Overlap overlap{1, num_tiles, 0, size, 0, num_filters};
    const Wanted next = pictures_at(input, at + count, count);
    for (std::size_t point = 0; point < kAllPoints; ++point) {
      fetch(next, point, kAllPoints);
      accumulate(overlap, left + point * num_tiles * size, right + point * num_tiles * num_filters, size, num_filters,
                 sums + point * size * num_filters);
    }
    for (std::size_t picture = at; picture < at + count; ++picture) {
      add_pixels(gradient.at(picture), outputs_, bias_sums);
    }
  }
}

template void Winograd::add_gradient(Pictures<const Real>, Pictures<const Real>, std::size_t, float*, float*) const;
template void Winograd::add_gradient(Pictures<const std::uint8_t>, Pictures<const Real>, std::size_t, float*,
                                     float*) const;

void Winograd::finish(const std::vector<const float*>& parts, float scale, float* to) const {
  static thread_local Buffer<float> whole_buffer, rows_buffer;
  float* const whole = whole_buffer.of(num_sums());
  std::copy_n(parts.front(), num_sums(), whole);
  for (std::size_t part = 1; part < parts.size(); ++part) {
    for (std::size_t at = 0; at < num_sums(); ++at) whole[at] += parts[part][at];
  }
  const std::size_t num_rows = num_taps_ * num_taps_ * num_numbers();
  float* const rows = rows_buffer.of(num_rows * outputs_.num_filters);
  finish_filters(whole, squares_, num_taps_, outputs_.num_filters, rows);
  const float* const all[] = {rows};
  transpose_and_sum(all, 1, num_rows, outputs_.num_filters, scale, to);
}

}  // namespace ngp::kernels
