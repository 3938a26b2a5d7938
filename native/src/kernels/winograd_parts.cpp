#include "winograd_parts.hpp"

#include "vectors.hpp"

namespace ngp::kernels {
namespace {

constexpr int kSide = static_cast<int>(kPoints);

inline Vec half(Vec number) { return number * 0.5F; }

// Four inputs along an axis, at the points.
inline void to_points(Vec& first, Vec& second, Vec& third, Vec& fourth) {
  const Vec inputs[] = {first, second, third, fourth};
  first = inputs[0] - inputs[2];
  second = inputs[1] + inputs[2];
  third = inputs[2] - inputs[1];
  fourth = inputs[3] - inputs[1];
}

// The way back: what the points give to each input.
inline void from_points(Vec& first, Vec& second, Vec& third, Vec& fourth) {
  const Vec points[] = {first, second, third, fourth};
  first = points[0];
  second = points[1] - points[2] - points[3];
  third = points[1] + points[2] - points[0];
  fourth = points[3];
}

// m numbers along an axis spread over the points: of outputs with `kHalf` false, of taps with true.
template <int kCount, bool kHalf>
inline void spread(const Vec (&given)[kCount], Vec (&to)[kSide]) {
  Vec even = given[0];
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
inline void gather(const Vec (&points)[kSide], Vec (&to)[kCount]) {
  const Vec second = kHalf ? half(points[1]) : points[1], third = kHalf ? half(points[2]) : points[2];
  const Vec even = second + third, odd = second - third;
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
inline void spread_both(const Vec (&given)[kCount][kCount], Vec (&to)[kSide][kSide]) {
  Vec rows[kSide][kCount];
  for (int column = 0; column < kCount; ++column) {
    Vec line[kCount], found[kSide];
    for (int row = 0; row < kCount; ++row) line[row] = given[row][column];
    spread<kCount, kHalf>(line, found);
    for (int row = 0; row < kSide; ++row) rows[row][column] = found[row];
  }
  for (int row = 0; row < kSide; ++row) spread<kCount, kHalf>(rows[row], to[row]);
}

template <int kCount, bool kHalf>
inline void gather_both(const Vec (&points)[kSide][kSide], Vec (&to)[kCount][kCount]) {
  Vec rows[kSide][kCount];
  for (int row = 0; row < kSide; ++row) gather<kCount, kHalf>(points[row], rows[row]);
  for (int column = 0; column < kCount; ++column) {
    Vec line[kSide], found[kCount];
    for (int row = 0; row < kSide; ++row) line[row] = rows[row][column];
    gather<kCount, kHalf>(line, found);
    for (int row = 0; row < kCount; ++row) to[row][column] = found[row];
  }
}

template <bool kIsPacked>
inline void store_points(const Vec (&first)[kSide][kSide], const Vec (&second)[kSide][kSide], Stored<kIsPacked>* to,
                         std::size_t step) {
#pragma GCC unroll 16
  for (int point = 0; point < kSide * kSide; ++point) {
    const Vec number = first[point / kSide][point % kSide];
    if constexpr (kIsPacked) {
      store_packs(to + point * step, number, second[point / kSide][point % kSide]);
    } else {
      store(to + point * step, number);
    }
  }
}

inline void load_points(const float* from, std::size_t step, Vec (&points)[kSide][kSide]) {
#pragma GCC unroll 16
  for (int point = 0; point < kSide * kSide; ++point) {
    points[point / kSide][point % kSide] = load(from + point * step);
  }
}

// What is at the points of 16 numbers of a tile's squares, those from `at` on in their row `down` of pixels.
template <bool kIsInside, typename Number>
inline void transform_squares(const Number* picture, const Squares& squares, const Tile& tile, std::size_t down,
                             std::size_t at, Vec (&numbers)[kSide][kSide]) {
  const Number* from = picture + (tile.top * squares.stride + down) * squares.row + tile.left * squares.segment + at;
#pragma GCC unroll 4
  for (int row = 0; row < kSide; ++row, from += squares.stride * squares.row) {
#pragma GCC unroll 4
    for (int column = 0; column < kSide; ++column) {
      const bool is_inside = kIsInside || (tile.top + row < squares.height && tile.left + column < squares.width);
      numbers[row][column] = is_inside ? load(from + column * squares.segment) : Vec{};
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

template <bool kIsInside, bool kIsPacked, typename Number>
void transform_tile(const Number* first, const Number* second, const Squares& squares, const Tile& tile,
                    Stored<kIsPacked>* to, std::size_t step) {
  for (std::size_t down = 0; down < squares.stride; ++down) {
    for (std::size_t at = 0; at < squares.segment; at += kLanes, to += kLanes) {
      Vec low[kSide][kSide], high[kSide][kSide] = {};
      transform_squares<kIsInside>(first, squares, tile, down, at, low);
      if (kIsPacked && second) transform_squares<kIsInside>(second, squares, tile, down, at, high);
      store_points<kIsPacked>(low, high, to, step);
    }
  }
}

template <int kTaps>
void transform_taps(const Real* filter, const Squares& squares, Real* to, std::size_t step) {
  const std::size_t line = kTaps * squares.segment;  // numbers of one row of the filter
  for (std::size_t down = 0; down < squares.stride; ++down) {
    for (std::size_t at = 0; at < squares.segment; at += kLanes, to += kLanes) {
      Vec taps[kTaps][kTaps], points[kSide][kSide];
      for (int row = 0; row < kTaps; ++row) {
        for (int column = 0; column < kTaps; ++column) {
          taps[row][column] = load(filter + (row * squares.stride + down) * line + column * squares.segment + at);
        }
      }
      spread_both<kTaps, true>(taps, points);
      store_points<false>(points, points, to, step);
    }
  }
}

// What is at the points of the gradients of 16 filters, from `at` on, of a tile's outputs.
template <int kOutputs>
inline void transform_outputs(const Real* gradient, const Outputs& outputs, const Tile& tile, std::size_t at,
                              Vec (&points)[kSide][kSide]) {
  Vec given[kOutputs][kOutputs];
  for (int row = 0; row < kOutputs; ++row) {
    for (int column = 0; column < kOutputs; ++column) {
      const std::size_t y = tile.top + row, x = tile.left + column;
      const bool is_inside = y < outputs.height && x < outputs.width;
      given[row][column] = is_inside ? load(gradient + (y * outputs.width + x) * outputs.num_filters + at)
                                     : Vec{};
    }
  }
  spread_both<kOutputs, false>(given, points);
}

template <int kOutputs, bool kIsPacked>
void transform_gradient_tile(const Real* first, const Real* second, const Outputs& outputs, const Tile& tile,
                             Stored<kIsPacked>* to, std::size_t step) {
  for (std::size_t at = 0; at < outputs.num_filters; at += kLanes) {
    Vec low[kSide][kSide], high[kSide][kSide] = {};
    transform_outputs<kOutputs>(first, outputs, tile, at, low);
    if (kIsPacked && second) transform_outputs<kOutputs>(second, outputs, tile, at, high);
    store_points<kIsPacked>(low, high, to + at, step);
  }
}

template <int kOutputs>
void finish_outputs(const float* from, std::size_t step, float scale, const float* bias, const Tile& tile,
                    const Outputs& outputs, Real* picture) {
  for (std::size_t at = 0; at < outputs.num_filters; at += kLanes) {
    Vec points[kSide][kSide], sums[kOutputs][kOutputs];
    load_points(from + at, step, points);
    gather_both<kOutputs, false>(points, sums);
    const Vec offset = load(bias + at);
    for (int row = 0; row < kOutputs; ++row) {
      for (int column = 0; column < kOutputs; ++column) {
        const std::size_t y = tile.top + row, x = tile.left + column;
        if (y >= outputs.height || x >= outputs.width) continue;
        // In this order what is not a number stays so.
        const Vec found = rectify(sums[row][column] * scale + offset);
        store(picture + (y * outputs.width + x) * outputs.num_filters + at, found);
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
      Vec points[kSide][kSide], taps[kTaps][kTaps];
      load_points(from + number * num_filters + at, step, points);
      gather_both<kTaps, true>(points, taps);
      for (int row = 0; row < kTaps; ++row) {
        for (int column = 0; column < kTaps; ++column) {
          const std::size_t line =
              ((row * squares.stride + down) * kTaps + column) * squares.segment + right;
          store(to + line * num_filters + at, taps[row][column]);
        }
      }
    }
  }
}

}  // namespace

template <bool kIsPacked, typename Number>
void transform_input(const Number* first, const Number* second, const Squares& squares, const Tile& tile,
                     Stored<kIsPacked>* to, std::size_t step) {
  const auto work = is_inside(squares, tile) ? transform_tile<true, kIsPacked, Number>
                                             : transform_tile<false, kIsPacked, Number>;
  work(first, second, squares, tile, to, step);
}

#define NGP_TRANSFORM_INPUT(kIsPacked, Number)                                                                     \
  template void transform_input<kIsPacked>(const Number*, const Number*, const Squares&, const Tile&,              \
                                           Stored<kIsPacked>*, std::size_t)
NGP_TRANSFORM_INPUT(false, Real);
NGP_TRANSFORM_INPUT(false, std::uint8_t);
NGP_TRANSFORM_INPUT(true, Real);
NGP_TRANSFORM_INPUT(true, std::uint8_t);
#undef NGP_TRANSFORM_INPUT

void transform_filter(const Real* filter, const Squares& squares, std::size_t num_taps, Real* to, std::size_t step) {
  (num_taps == 2 ? transform_taps<2> : transform_taps<3>)(filter, squares, to, step);
}

template <bool kIsPacked>
void transform_gradient(const Real* first, const Real* second, const Outputs& outputs, std::size_t num_outputs,
                        const Tile& tile, Stored<kIsPacked>* to, std::size_t step) {
  const auto work = num_outputs == 2 ? transform_gradient_tile<2, kIsPacked> : transform_gradient_tile<3, kIsPacked>;
  work(first, second, outputs, tile, to, step);
}

template void transform_gradient<false>(const Real*, const Real*, const Outputs&, std::size_t, const Tile&, Real*,
                                        std::size_t);
template void transform_gradient<true>(const Real*, const Real*, const Outputs&, std::size_t, const Tile&, Pack*,
                                       std::size_t);

void finish_tile(const float* from, std::size_t step, float scale, const float* bias, std::size_t num_outputs,
                 const Tile& tile, const Outputs& outputs, Real* picture) {
  (num_outputs == 2 ? finish_outputs<2> : finish_outputs<3>)(from, step, scale, bias, tile, outputs, picture);
}

void add_tile(const float* from, std::size_t step, const Squares& squares, const Tile& tile, float* sums) {
  const std::size_t num_numbers = squares.num_numbers();
  for (std::size_t at = 0; at < num_numbers; at += kLanes) {
    Vec points[kSide][kSide];
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
        store(to, load(to) + points[row][column]);
      }
    }
  }
}

void gate_squares(const float* sums, const Squares& squares, const Real* gates, Real* picture) {
  for (std::size_t y = 0; y < squares.height; ++y) {
    for (std::size_t x = 0; x < squares.width; ++x) {
      for (std::size_t down = 0; down < squares.stride; ++down) {
        const std::size_t place = (y * squares.stride + down) * squares.row + x * squares.segment;
        for (std::size_t at = 0; at < squares.segment; at += kLanes, sums += kLanes) {
          store(picture + place + at, pass(load(gates + place + at), load(sums)));
        }
      }
    }
  }
}

void finish_filters(const float* from, const Squares& squares, std::size_t num_taps, std::size_t num_filters,
                    float* to) {
  (num_taps == 2 ? finish_taps<2> : finish_taps<3>)(from, squares, num_filters, to);
}

void add_pixels(const Real* gradient, const Outputs& outputs, float* sums) {
  for (std::size_t output = 0; output < outputs.num_filters; output += kLanes) {
    Vec sum = load(sums + output);
    const Real* from = gradient + output;
    for (std::size_t pixel = 0; pixel < outputs.height * outputs.width; ++pixel, from += outputs.num_filters) {
      sum += load(from);
    }
    store(sums + output, sum);
  }
}

}  // namespace ngp::kernels
