#include "resize.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <string>
#include <type_traits>

#include "errors.hpp"
#include "sums.hpp"
#include "widest.hpp"

namespace ngp {

namespace {

constexpr std::size_t kMaxSide = 2900;  // 255 x 2900 x 2900 still fits a 32-bit sum
constexpr int kLinearUnit = 2048;
constexpr double kNoShare = 1e-3;       // OpenCV leaves out a source pixel that is overlapped by less
constexpr float kRounder = 12582912;    // 1.5 x 2^23: adding it leaves no room for a fraction

// The nearest whole number, from half-way the even one; unlike std::nearbyint never a call.
NGP_INLINE float to_even(float value) { return (value + kRounder) - kRounder; }

// Source pixels per target pixel, rounded as OpenCV rounds it.
double scale_of(std::size_t from, std::size_t to) {
  return 1.0 / (static_cast<double>(to) / static_cast<double>(from));
}

// Whether OpenCV takes a scale for a whole number: 206 to 1 is none to it, for it rounds to 206.00000000000003.
bool is_whole_scale(std::size_t from, std::size_t to) {
  const double scale = scale_of(from, to);
  return std::fabs(scale - std::nearbyint(scale)) < std::numeric_limits<double>::epsilon();
}

// Weighs and sums `taps` rows of `stride` bytes.
struct SumRows {
  template <typename Sum>
  static NGP_INLINE void run(const std::uint8_t* source, std::size_t stride, const Sum* weights, std::size_t taps,
                             Sum* __restrict row) {
    const auto at = [&](std::size_t tap, std::size_t x) __attribute__((always_inline)) {
      return static_cast<Sum>(source[tap * stride + x] * weights[tap]);
    };
    std::size_t tap = std::min<std::size_t>(taps, 4);
    if (tap == 4) {
      for (std::size_t x = 0; x < stride; ++x) row[x] = static_cast<Sum>(at(0, x) + at(1, x) + at(2, x) + at(3, x));
    } else if (tap == 3) {
      for (std::size_t x = 0; x < stride; ++x) row[x] = static_cast<Sum>(at(0, x) + at(1, x) + at(2, x));
    } else if (tap == 2) {
      for (std::size_t x = 0; x < stride; ++x) row[x] = static_cast<Sum>(at(0, x) + at(1, x));
    } else {
      for (std::size_t x = 0; x < stride; ++x) row[x] = at(0, x);
    }
    for (; tap < taps; ++tap) {
      for (std::size_t x = 0; x < stride; ++x) row[x] = static_cast<Sum>(row[x] + at(tap, x));
    }
  }
};

// Weighs and sums `taps` neighbours for each of `count` pixels; a number known beforehand (not 0) is unrolled.
template <std::size_t kTaps, std::size_t kChannels, typename Sum>
void sum_taps(const Sum* row, const std::uint32_t* first, const Sum* weights, std::size_t count, std::size_t taps,
              std::int32_t* __restrict sums) {
  const std::size_t num_taps = kTaps != 0 ? kTaps : taps;
  for (std::size_t x = 0; x < count; ++x) {
    const Sum* pixel = row + first[x] * kChannels;
    const Sum* weight = weights + x * num_taps;
    for (std::size_t channel = 0; channel < kChannels; ++channel) {
      std::int32_t sum = 0;
      for (std::size_t tap = 0; tap < num_taps; ++tap) sum += pixel[tap * kChannels + channel] * weight[tap];
      *sums++ = sum;
    }
  }
}

template <typename Sum>
void sum_columns_of(const Sum* row, const std::uint32_t* first, const Sum* weights, std::size_t count,
                    std::size_t taps, std::size_t channels, std::int32_t* sums) {
  const auto sum = [&](auto known) {
    constexpr std::size_t kTaps = decltype(known)::value;
    const auto function = channels == 1 ? sum_taps<kTaps, 1, Sum> : sum_taps<kTaps, 3, Sum>;
    function(row, first, weights, count, taps, sums);
  };
  switch (taps) {
    case 2: return sum(std::integral_constant<std::size_t, 2>{});
    case 3: return sum(std::integral_constant<std::size_t, 3>{});
    case 4: return sum(std::integral_constant<std::size_t, 4>{});
    case 5: return sum(std::integral_constant<std::size_t, 5>{});
    default: return sum(std::integral_constant<std::size_t, 0>{});
  }
}

// Rounds the scaled sums and says whether one of them is doubtful.
struct RoundSums {
  static NGP_INLINE bool run(const std::int32_t* sums, std::size_t count, float scale, float bias, float doubtful,
                             std::uint8_t* __restrict target) {
    std::int32_t is_doubtful = 0;
    for (std::size_t index = 0; index < count; ++index) {
      const float value = static_cast<float>(sums[index]) * scale + bias;
      const float level = to_even(value);
      target[index] = static_cast<std::uint8_t>(static_cast<std::int32_t>(level));
      is_doubtful |= std::fabs(value - level) > doubtful ? 1 : 0;
    }
    return is_doubtful != 0;
  }
};

}  // namespace

Resizer::Resizer(Size from, Size to, std::size_t channels) : from_(from), to_(to), channels_(channels) {
  const auto [least, most] = std::minmax({from.height, from.width, to.height, to.width});
  if (least == 0 || most > kMaxSide) {
    throw EngineError("A picture of " + std::to_string(from.height) + " x " + std::to_string(from.width) +
                      " pixels cannot be resampled to " + std::to_string(to.height) + " x " +
                      std::to_string(to.width) + "; a side has 1 to " + std::to_string(kMaxSide) + " pixels.");
  }
  grows_ = to.height > from.height || to.width > from.width;
  const auto axis = grows_ ? linear_axis : area_axis;
  rows_ = axis(from.height, to.height);
  columns_ = axis(from.width, to.width);
  if (grows_) return;
  scale_ = static_cast<float>(1.0 / static_cast<double>(rows_.unit * columns_.unit));
  const bool is_whole = is_whole_scale(from.height, to.height) && is_whole_scale(from.width, to.width);
  if (is_whole) {
    // OpenCV rounds a square of four up at a half, larger ones to even.
    if (rows_.unit == 2 && columns_.unit == 2) bias_ = 1.0F / 16;
  } else {
    const auto num_roundings = static_cast<float>(rows_.taps + columns_.taps + 8);
    doubtful_ = 0.5F - 255 * num_roundings * std::numeric_limits<float>::epsilon();
  }
  const std::size_t stride = from.width * channels;
  sums_.resize(to.width * channels + kEight - 1);
  if (255 * rows_.unit <= std::numeric_limits<std::int16_t>::max()) {
    short_row_.resize(stride + kEight);
  } else {
    long_row_.resize(stride);
  }
}

Resizer::Axis Resizer::area_axis(std::size_t from, std::size_t to) {
  Axis axis;
  const std::size_t divisor = std::gcd(from, to);
  const std::size_t unit = from / divisor;       // length of a target pixel
  const std::size_t of_source = to / divisor;    // length of a source pixel
  const double scale = scale_of(from, to);
  axis.unit = static_cast<std::int64_t>(unit);
  for (std::size_t index = 0; index < to; ++index) {
    const std::size_t end = ((index + 1) * unit + of_source - 1) / of_source;
    axis.taps = std::max(axis.taps, end - index * unit / of_source);
  }
  axis.weights.resize(to * axis.taps);
  axis.shares.resize(to * axis.taps);
  for (std::size_t index = 0; index < to; ++index) {
    const std::size_t begin = index * unit, end = begin + unit;
    const std::size_t first = std::min(begin / of_source, from - axis.taps);
    axis.first.push_back(static_cast<std::uint32_t>(first));
    const double from_edge = static_cast<double>(index) * scale, to_edge = from_edge + scale;
    const double length = std::min(scale, static_cast<double>(from) - from_edge);
    for (std::size_t tap = 0; tap < axis.taps; ++tap) {
      const std::size_t pixel = first + tap;
      const std::size_t low = std::max(begin, pixel * of_source), high = std::min(end, (pixel + 1) * of_source);
      if (high <= low) continue;
      const double left = std::max(from_edge, static_cast<double>(pixel));
      const double right = std::min(to_edge, static_cast<double>(pixel + 1));
      axis.weights[index * axis.taps + tap] = static_cast<std::int32_t>(high - low);
      if (right - left > kNoShare) {
        axis.shares[index * axis.taps + tap] = static_cast<float>((right - left) / length);
      }
    }
  }
  axis.short_weights.assign(axis.weights.begin(), axis.weights.end());
  if (axis.taps <= kEight) pad(axis);
  return axis;
}

void Resizer::pad(Axis& axis) {
  const std::size_t count = axis.first.size(), padded = (count + 7) / 8 * 8;
  axis.first.resize(padded);
  axis.eights.resize(padded * kEight);
  for (std::size_t index = 0; index < count; ++index) {
    std::copy_n(axis.weights.begin() + static_cast<std::ptrdiff_t>(index * axis.taps), axis.taps,
                axis.eights.begin() + static_cast<std::ptrdiff_t>(place_of_eight(index) * kEight));
  }
}

Resizer::Axis Resizer::linear_axis(std::size_t from, std::size_t to) {
  Axis axis;
  axis.taps = 2;
  const double scale = scale_of(from, to), inverse = static_cast<double>(to) / static_cast<double>(from);
  for (std::size_t index = 0; index < to; ++index) {
    auto first = static_cast<std::size_t>(std::floor(static_cast<double>(index) * scale));
    float share = static_cast<float>(static_cast<double>(index + 1) - static_cast<double>(first + 1) * inverse);
    share = share <= 0 ? 0 : share - std::floor(share);
    if (first + 1 >= from) {
      first = from - 1;
      share = 0;
    }
    axis.first.push_back(static_cast<std::uint32_t>(first));
    axis.weights.push_back(static_cast<std::int32_t>(std::lrint((1 - share) * kLinearUnit)));
    axis.weights.push_back(static_cast<std::int32_t>(std::lrint(share * kLinearUnit)));
  }
  return axis;
}

void Resizer::run(const std::uint8_t* source, std::uint8_t* target) {
  if (grows_) {
    grow(source, target);
#if defined(__x86_64__)
  } else if (fits_wide() && has_avx2()) {
    shrink_wide(source, target);
#endif
  } else if (!short_row_.empty()) {
    shrink(source, target, short_row_);
  } else {
    shrink(source, target, long_row_);
  }
}

template <typename Sum>
const std::vector<Sum>& Resizer::weights_of(const Axis& axis) {
  if constexpr (sizeof(Sum) == sizeof(std::int16_t)) {
    return axis.short_weights;
  } else {
    return axis.weights;
  }
}

template <typename Sum>
void Resizer::shrink(const std::uint8_t* source, std::uint8_t* target, std::vector<Sum>& row) {
  const std::size_t stride = from_.width * channels_, num_sums = to_.width * channels_;
  for (std::size_t y = 0; y < to_.height; ++y) {
    const std::uint8_t* first = source + rows_.first[y] * stride;
    const auto& row_weights = weights_of<Sum>(rows_);
    run_widest<SumRows>(first, stride, row_weights.data() + y * rows_.taps, rows_.taps, row.data());
    sum_columns(row);
    const bool is_doubtful =
        run_widest<RoundSums>(static_cast<const std::int32_t*>(sums_.data()), num_sums, scale_, bias_, doubtful_,
                              target);
    if (is_doubtful) settle(source, y, 0, num_sums, target);
    target += num_sums;
  }
}

#if defined(__x86_64__)
bool Resizer::fits_wide() const {
  return channels_ == 1 && !short_row_.empty() && !columns_.eights.empty() && rows_.taps <= 4 && from_.width >= 32;
}

void Resizer::shrink_wide(const std::uint8_t* source, std::uint8_t* target) {
  const auto sum_rows = rows_.taps <= 2 ? sum_rows_wide<1> : sum_rows_wide<2>;
  for (std::size_t y = 0; y < to_.height; ++y, target += to_.width) {
    sum_rows(source + rows_.first[y] * from_.width, from_.width, rows_.short_weights.data() + y * rows_.taps,
             rows_.taps, short_row_.data());
    finish_wide(source, y, target);
  }
}

// Sums the columns of `short_row_`, rounds the scaled sums and settles what is doubtful, eight target pixels at a time.
NGP_AVX2 void Resizer::finish_wide(const std::uint8_t* source, std::size_t y, std::uint8_t* target) {
  const __m256 scale = _mm256_set1_ps(scale_), bias = _mm256_set1_ps(bias_), doubtful = _mm256_set1_ps(doubtful_);
  const __m256 sign = _mm256_set1_ps(-0.0F);
  // Beside the members, lest they be loaded again after each byte written.
  const std::size_t width = to_.width;
  const std::int16_t* row = short_row_.data();
  const std::uint32_t* first = columns_.first.data();
  const std::int16_t* weights = columns_.eights.data();
  for (std::size_t x = 0; x < width; x += kEight) {
    const std::size_t count = std::min(kEight, width - x);
    const __m256i sums = sum_eight_columns(row, first + x, weights + x * kEight);
    const __m256 value = _mm256_add_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(sums), scale), bias);
    const __m256i level = _mm256_cvtps_epi32(value);  // from half-way to even
    store_bytes(level, count, target + x);
    const __m256 distance = _mm256_andnot_ps(sign, _mm256_sub_ps(value, _mm256_cvtepi32_ps(level)));
    if (_mm256_movemask_ps(_mm256_cmp_ps(distance, doubtful, _CMP_GT_OQ)) != 0) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums_.data() + x), sums);
      settle(source, y, x, x + count, target);
    }
  }
}
#endif

template <typename Sum>
void Resizer::sum_columns(const std::vector<Sum>& row) {
#if defined(__SSE2__)
  if constexpr (sizeof(Sum) == sizeof(std::int16_t)) {
    if (channels_ == 1 && !columns_.eights.empty()) {
      sum_columns_by_eight(row.data(), columns_.first.data(), columns_.eights.data(), to_.width, sums_.data());
      return;
    }
  }
#endif
  sum_columns_of(row.data(), columns_.first.data(), weights_of<Sum>(columns_).data(), to_.width, columns_.taps,
                 channels_, sums_.data());
}

// Decides the doubtful pixels of a row as OpenCV's floats do.
void Resizer::settle(const std::uint8_t* source, std::size_t y, std::size_t begin, std::size_t end,
                     std::uint8_t* target) const {
  for (std::size_t index = begin; index < end; ++index) {
    const float value = static_cast<float>(sums_[index]) * scale_;
    if (std::fabs(value - to_even(value)) <= doubtful_) continue;
    target[index] = static_cast<std::uint8_t>(to_even(mean(source, y, index / channels_, index % channels_)));
  }
}

// Row by row from left to right, each row weighed after its sum: the order decides how floats round.
float Resizer::mean(const std::uint8_t* source, std::size_t y, std::size_t x, std::size_t channel) const {
  const float* row_shares = rows_.shares.data() + y * rows_.taps;
  const float* column_shares = columns_.shares.data() + x * columns_.taps;
  float total = 0;
  for (std::size_t row = 0; row < rows_.taps; ++row) {
    const std::size_t pixel = (rows_.first[y] + row) * from_.width + columns_.first[x];
    float sum = 0;
    for (std::size_t column = 0; column < columns_.taps; ++column) {
      sum += static_cast<float>(source[(pixel + column) * channels_ + channel]) * column_shares[column];
    }
    total += sum * row_shares[row];
  }
  return total;
}

// The shifts are those of OpenCV's fixed point: they decide how it rounds.
void Resizer::grow(const std::uint8_t* source, std::uint8_t* target) const {
  const std::size_t stride = from_.width * channels_;
  for (std::size_t y = 0; y < to_.height; ++y) {
    const std::uint8_t* upper = source + rows_.first[y] * stride;
    const std::uint8_t* lower = rows_.first[y] + 1 < from_.height ? upper + stride : upper;
    const std::int32_t* row = rows_.weights.data() + 2 * y;
    for (std::size_t x = 0; x < to_.width; ++x) {
      const std::int32_t* column = columns_.weights.data() + 2 * x;
      const std::size_t left = columns_.first[x] * channels_;
      const std::size_t right = columns_.first[x] + 1 < from_.width ? left + channels_ : left;
      for (std::size_t channel = 0; channel < channels_; ++channel) {
        const auto across = [&](const std::uint8_t* line) {
          return (line[left + channel] * column[0] + line[right + channel] * column[1]) >> 4;
        };
        const std::int32_t above = across(upper) * row[0] >> 16, below = across(lower) * row[1] >> 16;
        *target++ = static_cast<std::uint8_t>((above + below + 2) >> 2);
      }
    }
  }
}

}  // namespace ngp
