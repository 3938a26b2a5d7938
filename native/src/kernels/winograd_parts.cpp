#include "winograd_parts.hpp"

#include "vectors.hpp"

namespace ngp::kernels {
namespace {

constexpr int kSide = static_cast<int>(kPoints);

inline __m512 load(const Bf16* from) { return load_bf16(from); }
inline __m512 load(const std::uint8_t* from) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes));
}

inline __m512 half(__m512 number) { return _mm512_mul_ps(number, _mm512_set1_ps(0.5F)); }

// Four inputs along an axis, at the points.
inline void to_points(__m512& first, __m512& second, __m512& third, __m512& fourth) {
  const __m512 inputs[] = {first, second, third, fourth};
  first = inputs[0] - inputs[2];
  second = inputs[1] + inputs[2];
  third = inputs[2] - inputs[1];
  fourth = inputs[3] - inputs[1];
}

// The way back: what the points give to each input.
inline void from_points(__m512& first, __m512& second, __m512& third, __m512& fourth) {
  const __m512 points[] = {first, second, third, fourth};
  first = points[0];
  second = points[1] - points[2] - points[3];
  third = points[1] + points[2] - points[0];
  fourth = points[3];
}

// m numbers along an axis spread over the points: of outputs with `kHalf` false, of taps with true.
template <int kCount, bool kHalf>
inline void spread(const __m512 (&given)[kCount], __m512 (&to)[kSide]) {
  __m512 even = given[0];
  if constexpr (kCount == 3) even = even + given[2];
  to[0] = given[0];
  to[1] = even + given[1];
  to[2] = even - given[1];
  to[3] = given[kCount - 1];
  if constexpr (kHalf) {
    to[1] = half(to[1]);
    to[2] = half(to[2]);
  }
}

// And back: each of m numbers is the sum of what it gives to the points.
template <int kCount, bool kHalf>
inline void gather(const __m512 (&points)[kSide], __m512 (&to)[kCount]) {
  const __m512 second = kHalf ? half(points[1]) : points[1], third = kHalf ? half(points[2]) : points[2];
  const __m512 even = second + third, odd = second - third;
  to[0] = points[0] + even;
  if constexpr (kCount == 3) {
    to[1] = odd;
    to[2] = even + points[3];
  } else {
    to[1] = odd + points[3];
  }
}

// Both axes of kCount × kCount numbers.
template <int kCount, bool kHalf>
inline void spread_both(const __m512 (&given)[kCount][kCount], __m512 (&to)[kSide][kSide]) {
  __m512 rows[kSide][kCount];
  for (int column = 0; column < kCount; ++column) {
    __m512 line[kCount], found[kSide];
    for (int row = 0; row < kCount; ++row) line[row] = given[row][column];
    spread<kCount, kHalf>(line, found);
    for (int row = 0; row < kSide; ++row) rows[row][column] = found[row];
  }
  for (int row = 0; row < kSide; ++row) spread<kCount, kHalf>(rows[row], to[row]);
}

template <int kCount, bool kHalf>
inline void gather_both(const __m512 (&points)[kSide][kSide], __m512 (&to)[kCount][kCount]) {
  __m512 rows[kSide][kCount];
  for (int row = 0; row < kSide; ++row) gather<kCount, kHalf>(points[row], rows[row]);
  for (int column = 0; column < kCount; ++column) {
    __m512 line[kSide], found[kCount];
    for (int row = 0; row < kSide; ++row) line[row] = rows[row][column];
    gather<kCount, kHalf>(line, found);
    for (int row = 0; row < kCount; ++row) to[row][column] = found[row];
  }
}

inline void store_points(const __m512 (&points)[kSide][kSide], Bf16* to, std::size_t step) {
#pragma GCC unroll 16
  for (int point = 0; point < kSide * kSide; ++point) {
    store_bf16(to + point * step, points[point / kSide][point % kSide]);
  }
}

inline void store_pairs(const __m512 (&first)[kSide][kSide], const __m512 (&second)[kSide][kSide], Pair* to,
                        std::size_t step) {
#pragma GCC unroll 16
  for (int point = 0; point < kSide * kSide; ++point) {
    const __m512i low = _mm512_cvtepu16_epi32(to_bf16(first[point / kSide][point % kSide]));
    const __m512i high = _mm512_cvtepu16_epi32(to_bf16(second[point / kSide][point % kSide]));
    _mm512_storeu_si512(to + point * step, _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
  }
}

inline void load_points(const float* from, std::size_t step, __m512 (&points)[kSide][kSide]) {
#pragma GCC unroll 16
  for (int point = 0; point < kSide * kSide; ++point) {
    points[point / kSide][point % kSide] = _mm512_loadu_ps(from + point * step);
  }
}

// What is at the points of 16 numbers of a tile's squares, those from `at` on in their row `down` of pixels.
template <bool kIsInside, typename Number>
inline void transform_squares(const Number* picture, const Squares& squares, const Tile& tile, std::size_t down,
                             std::size_t at, __m512 (&numbers)[kSide][kSide]) {
  const Number* from = picture + (tile.top * squares.stride + down) * squares.row + tile.left * squares.segment + at;
#pragma GCC unroll 4
  for (int row = 0; row < kSide; ++row, from += squares.stride * squares.row) {
#pragma GCC unroll 4
    for (int column = 0; column < kSide; ++column) {
      const bool is_inside = kIsInside || (tile.top + row < squares.height && tile.left + column < squares.width);
      numbers[row][column] = is_inside ? load(from + column * squares.segment) : _mm512_setzero_ps();
    }
  }
#pragma GCC unroll 4
  for (int row = 0; row < kSide; ++row) to_points(numbers[row][0], numbers[row][1], numbers[row][2], numbers[row][3]);
#pragma GCC unroll 4
  for (int column = 0; column < kSide; ++column) {
    to_points(numbers[0][column], numbers[1][column], numbers[2][column], numbers[3][column]);
  }
}

bool is_inside(const Squares& squares, const Tile& tile) {
  return tile.top + kPoints <= squares.height && tile.left + kPoints <= squares.width;
}

template <bool kIsInside, typename Number>
void transform_tile(const Number* picture, const Squares& squares, const Tile& tile, Bf16* to, std::size_t step) {
  for (std::size_t down = 0; down < squares.stride; ++down) {
    for (std::size_t at = 0; at < squares.segment; at += kLanes, to += kLanes) {
      __m512 points[kSide][kSide];
      transform_squares<kIsInside>(picture, squares, tile, down, at, points);
      store_points(points, to, step);
    }
  }
}

template <bool kIsInside, typename Number>
void transform_tiles(const Number* first, const Number* second, const Squares& squares, const Tile& tile, Pair* to,
                     std::size_t step) {
  for (std::size_t down = 0; down < squares.stride; ++down) {
    for (std::size_t at = 0; at < squares.segment; at += kLanes, to += kLanes) {
      __m512 low[kSide][kSide], high[kSide][kSide] = {};
      transform_squares<kIsInside>(first, squares, tile, down, at, low);
      if (second) transform_squares<kIsInside>(second, squares, tile, down, at, high);
      store_pairs(low, high, to, step);
    }
  }
}

template <int kTaps>
void transform_taps(const Bf16* filter, const Squares& squares, Bf16* to, std::size_t step) {
  const std::size_t line = kTaps * squares.segment;  // numbers of one row of the filter
  for (std::size_t down = 0; down < squares.stride; ++down) {
    for (std::size_t at = 0; at < squares.segment; at += kLanes, to += kLanes) {
      __m512 taps[kTaps][kTaps], points[kSide][kSide];
      for (int row = 0; row < kTaps; ++row) {
        for (int column = 0; column < kTaps; ++column) {
          taps[row][column] = load_bf16(filter + (row * squares.stride + down) * line + column * squares.segment + at);
        }
      }
      spread_both<kTaps, true>(taps, points);
      store_points(points, to, step);
    }
  }
}

// What is at the points of the gradients of 16 filters, from `at` on, of a tile's outputs.
template <int kOutputs>
inline void transform_outputs(const Bf16* gradient, const Outputs& outputs, const Tile& tile, std::size_t at,
                              __m512 (&points)[kSide][kSide]) {
  __m512 given[kOutputs][kOutputs];
  for (int row = 0; row < kOutputs; ++row) {
    for (int column = 0; column < kOutputs; ++column) {
      const std::size_t y = tile.top + row, x = tile.left + column;
      const bool is_inside = y < outputs.height && x < outputs.width;
      given[row][column] = is_inside ? load_bf16(gradient + (y * outputs.width + x) * outputs.num_filters + at)
                                     : _mm512_setzero_ps();
    }
  }
  spread_both<kOutputs, false>(given, points);
}

template <int kOutputs>
void transform_gradient_tile(const Bf16* gradient, const Outputs& outputs, const Tile& tile, Bf16* to,
                             std::size_t step) {
  for (std::size_t at = 0; at < outputs.num_filters; at += kLanes) {
    __m512 points[kSide][kSide];
    transform_outputs<kOutputs>(gradient, outputs, tile, at, points);
    store_points(points, to + at, step);
  }
}

template <int kOutputs>
void transform_gradient_tiles(const Bf16* first, const Bf16* second, const Outputs& outputs, const Tile& tile, Pair* to,
                              std::size_t step) {
  for (std::size_t at = 0; at < outputs.num_filters; at += kLanes) {
    __m512 low[kSide][kSide], high[kSide][kSide] = {};
    transform_outputs<kOutputs>(first, outputs, tile, at, low);
    if (second) transform_outputs<kOutputs>(second, outputs, tile, at, high);
    store_pairs(low, high, to + at, step);
  }
}

template <int kOutputs>
void finish_outputs(const float* from, std::size_t step, float scale, const float* bias, const Tile& tile,
                    const Outputs& outputs, Bf16* picture) {
  for (std::size_t at = 0; at < outputs.num_filters; at += kLanes) {
    __m512 points[kSide][kSide], sums[kOutputs][kOutputs];
    load_points(from + at, step, points);
    gather_both<kOutputs, false>(points, sums);
    const __m512 factor = _mm512_set1_ps(scale), offset = _mm512_loadu_ps(bias + at);
    for (int row = 0; row < kOutputs; ++row) {
      for (int column = 0; column < kOutputs; ++column) {
        const std::size_t y = tile.top + row, x = tile.left + column;
        if (y >= outputs.height || x >= outputs.width) continue;
        // In this order what is not a number stays so.
        const __m512 found = _mm512_max_ps(_mm512_setzero_ps(), _mm512_fmadd_ps(sums[row][column], factor, offset));
        store_bf16(picture + (y * outputs.width + x) * outputs.num_filters + at, found);
      }
    }
  }
}

template <int kTaps>
void finish_taps(const float* from, const Squares& squares, std::size_t num_filters, float* to) {
  const std::size_t num_numbers = squares.num_numbers(), step = num_numbers * num_filters;
  for (std::size_t number = 0; number < num_numbers; ++number) {
    const std::size_t down = number / squares.segment, right = number % squares.segment;
    for (std::size_t at = 0; at < num_filters; at += kLanes) {
      __m512 points[kSide][kSide], taps[kTaps][kTaps];
      load_points(from + number * num_filters + at, step, points);
      gather_both<kTaps, true>(points, taps);
      for (int row = 0; row < kTaps; ++row) {
        for (int column = 0; column < kTaps; ++column) {
          const std::size_t line =
              ((row * squares.stride + down) * kTaps + column) * squares.segment + right;
          _mm512_storeu_ps(to + line * num_filters + at, taps[row][column]);
        }
      }
    }
  }
}

}  // namespace

template <typename Number>
void transform_input(const Number* picture, const Squares& squares, const Tile& tile, Bf16* to, std::size_t step) {
  if (is_inside(squares, tile)) {
    transform_tile<true>(picture, squares, tile, to, step);
  } else {
    transform_tile<false>(picture, squares, tile, to, step);
  }
}

template void transform_input(const Bf16*, const Squares&, const Tile&, Bf16*, std::size_t);
template void transform_input(const std::uint8_t*, const Squares&, const Tile&, Bf16*, std::size_t);

template <typename Number>
void transform_inputs(const Number* first, const Number* second, const Squares& squares, const Tile& tile, Pair* to,
                      std::size_t step) {
  if (is_inside(squares, tile)) {
    transform_tiles<true>(first, second, squares, tile, to, step);
  } else {
    transform_tiles<false>(first, second, squares, tile, to, step);
  }
}

template void transform_inputs(const Bf16*, const Bf16*, const Squares&, const Tile&, Pair*, std::size_t);
template void transform_inputs(const std::uint8_t*, const std::uint8_t*, const Squares&, const Tile&, Pair*,
                               std::size_t);

void transform_filter(const Bf16* filter, const Squares& squares, std::size_t num_taps, Bf16* to, std::size_t step) {
  (num_taps == 2 ? transform_taps<2> : transform_taps<3>)(filter, squares, to, step);
}

void transform_gradient(const Bf16* gradient, const Outputs& outputs, std::size_t num_outputs, const Tile& tile,
                        Bf16* to, std::size_t step) {
  (num_outputs == 2 ? transform_gradient_tile<2> : transform_gradient_tile<3>)(gradient, outputs, tile, to, step);
}

void transform_gradients(const Bf16* first, const Bf16* second, const Outputs& outputs, std::size_t num_outputs,
                         const Tile& tile, Pair* to, std::size_t step) {
  const auto work = num_outputs == 2 ? transform_gradient_tiles<2> : transform_gradient_tiles<3>;
  work(first, second, outputs, tile, to, step);
}

void finish_tile(const float* from, std::size_t step, float scale, const float* bias, std::size_t num_outputs,
                 const Tile& tile, const Outputs& outputs, Bf16* picture) {
  (num_outputs == 2 ? finish_outputs<2> : finish_outputs<3>)(from, step, scale, bias, tile, outputs, picture);
}

void add_tile(const float* from, std::size_t step, const Squares& squares, const Tile& tile, float* sums) {
  const std::size_t num_numbers = squares.num_numbers();
  for (std::size_t at = 0; at < num_numbers; at += kLanes) {
    __m512 points[kSide][kSide];
    load_points(from + at, step, points);
#pragma GCC unroll 4
    for (int row = 0; row < kSide; ++row) from_points(points[row][0], points[row][1], points[row][2], points[row][3]);
#pragma GCC unroll 4
    for (int column = 0; column < kSide; ++column) {
      from_points(points[0][column], points[1][column], points[2][column], points[3][column]);
    }
    for (int row = 0; row < kSide && tile.top + row < squares.height; ++row) {
      for (int column = 0; column < kSide && tile.left + column < squares.width; ++column) {
        float* const to = sums + ((tile.top + row) * squares.width + tile.left + column) * num_numbers + at;
        _mm512_storeu_ps(to, _mm512_add_ps(_mm512_loadu_ps(to), points[row][column]));
      }
    }
  }
}

void gate_squares(const float* sums, const Squares& squares, const Bf16* gates, Bf16* picture) {
  for (std::size_t y = 0; y < squares.height; ++y) {
    for (std::size_t x = 0; x < squares.width; ++x) {
      for (std::size_t down = 0; down < squares.stride; ++down) {
        const std::size_t place = (y * squares.stride + down) * squares.row + x * squares.segment;
        for (std::size_t at = 0; at < squares.segment; at += kLanes, sums += kLanes) {
          const __m256i opened = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(gates + place + at));
          const __mmask16 is_open = _mm256_cmpgt_epi16_mask(opened, _mm256_setzero_si256());
          store_bf16(picture + place + at, _mm512_maskz_loadu_ps(is_open, sums));
        }
      }
    }
  }
}

void finish_filters(const float* from, const Squares& squares, std::size_t num_taps, std::size_t num_filters,
                    float* to) {
  (num_taps == 2 ? finish_taps<2> : finish_taps<3>)(from, squares, num_filters, to);
}

void add_pixels(const Bf16* gradient, const Outputs& outputs, float* sums) {
  for (std::size_t output = 0; output < outputs.num_filters; output += kLanes) {
    __m512 sum = _mm512_loadu_ps(sums + output);
    const Bf16* from = gradient + output;
    for (std::size_t pixel = 0; pixel < outputs.height * outputs.width; ++pixel, from += outputs.num_filters) {
      sum = _mm512_add_ps(sum, load_bf16(from));
    }
    _mm512_storeu_ps(sums + output, sum);
  }
}

}  // namespace ngp::kernels
