// The three pixel formats of libretro, and the gray that OpenCV makes of them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "widest.hpp"

namespace ngp {

struct Colour {
  std::uint16_t red, green, blue;
};

// Five and six bits are shifted up and the low bits stay 0, as stable-retro does it. It refuses 0RGB1555, which is
// treated alike here.
struct Rgb565 {
  using Pixel = std::uint16_t;
  static NGP_INLINE Colour colour(Pixel pixel) {
    return {static_cast<std::uint16_t>(pixel >> 8 & 0xF8), static_cast<std::uint16_t>(pixel >> 3 & 0xFC),
            static_cast<std::uint16_t>(pixel << 3 & 0xF8)};
  }
};

struct Rgb1555 {
  using Pixel = std::uint16_t;
  static NGP_INLINE Colour colour(Pixel pixel) {
    return {static_cast<std::uint16_t>(pixel >> 7 & 0xF8), static_cast<std::uint16_t>(pixel >> 2 & 0xF8),
            static_cast<std::uint16_t>(pixel << 3 & 0xF8)};
  }
};

struct Xrgb8888 {
  using Pixel = std::uint32_t;
  static NGP_INLINE Colour colour(Pixel pixel) {
    return {static_cast<std::uint16_t>(pixel >> 16 & 0xFF), static_cast<std::uint16_t>(pixel >> 8 & 0xFF),
            static_cast<std::uint16_t>(pixel & 0xFF)};
  }
};

// OpenCV's (9798 red + 19235 green + 3735 blue + 2^14) >> 15, each factor split into 256 high + low so that all of it
// fits 16 bits: (256 h + l) >> 15 equals (h + (l >> 8)) >> 7.
//
// The factors are read from a volatile place lest gcc turns each vector's product into shifts and sums, at half the
// speed.
inline volatile const std::uint16_t kLuma[] = {38, 75, 14, 70, 35, 151};

class Luma {
 public:
  NGP_INLINE std::uint8_t operator()(Colour colour) const {
    const auto high = add(product(red_high_, colour.red), product(green_high_, colour.green),
                          product(blue_high_, colour.blue));
    const auto low = add(product(red_low_, colour.red), product(green_low_, colour.green),
                         product(blue_low_, colour.blue));
    return static_cast<std::uint8_t>(add(high, low >> 8, 64) >> 7);
  }

 private:
  static NGP_INLINE std::uint16_t product(std::uint16_t a, std::uint16_t b) {
    return static_cast<std::uint16_t>(static_cast<unsigned>(a) * b);
  }
  static NGP_INLINE std::uint16_t add(int a, int b, int c) { return static_cast<std::uint16_t>(a + b + c); }

  std::uint16_t red_high_ = kLuma[0], green_high_ = kLuma[1], blue_high_ = kLuma[2];
  std::uint16_t red_low_ = kLuma[3], green_low_ = kLuma[4], blue_low_ = kLuma[5];
};

template <typename Format>
NGP_INLINE Colour colour_at(const std::uint8_t* pixels, std::size_t index) {
  typename Format::Pixel pixel;
  std::memcpy(&pixel, pixels + index * sizeof pixel, sizeof pixel);  // a pitch may be odd
  return Format::colour(pixel);
}

NGP_INLINE Colour brighter(Colour a, Colour b) {
  return {std::max(a.red, b.red), std::max(a.green, b.green), std::max(a.blue, b.blue)};
}

// One row of `count` pixels; `before`, if any, is the same row a frame earlier.
template <typename Format>
void gray_row_plainly(const std::uint8_t* now, const std::uint8_t* before, std::size_t count,
                      std::uint8_t* __restrict out) {
  const Luma luma;
  if (before == nullptr) {
    for (std::size_t x = 0; x < count; ++x) out[x] = luma(colour_at<Format>(now, x));
  } else {
    for (std::size_t x = 0; x < count; ++x) {
      out[x] = luma(brighter(colour_at<Format>(now, x), colour_at<Format>(before, x)));
    }
  }
}

#if defined(__x86_64__)
// 16 pixels of 16 bits as RGB565: green's sixth bit stays 0, as in its eight bits.
NGP_AVX2 inline __m256i as_565(Rgb565, __m256i pixels) { return pixels; }
NGP_AVX2 inline __m256i as_565(Rgb1555, __m256i pixels) {
  const __m256i red_green = _mm256_and_si256(pixels, _mm256_set1_epi16(0x7FE0));
  const __m256i blue = _mm256_and_si256(pixels, _mm256_set1_epi16(0x001F));
  return _mm256_or_si256(_mm256_slli_epi16(red_green, 1), blue);
}

// The same mean of 16 pixels in products of bytes, which reach two colours at once: `red_blue` holds red's eight bits
// in the upper byte and blue's five in the lower one, `green` its six bits times two. In these units the mean is
// (4899 red + 19235 green + 14940 blue + 2^13) >> 14, each factor split into 256 high + low as above.
NGP_AVX2 inline __m256i gray_of_565(__m256i red_blue, __m256i green) {
  const __m256i high = _mm256_add_epi16(_mm256_maddubs_epi16(red_blue, _mm256_set1_epi16(19 << 8 | 58)),
                                        _mm256_maddubs_epi16(green, _mm256_set1_epi16(75)));
  const __m256i low = _mm256_add_epi16(_mm256_maddubs_epi16(red_blue, _mm256_set1_epi16(35 << 8 | 92)),
                                       _mm256_maddubs_epi16(green, _mm256_set1_epi16(35)));
  // A product with 2^9, rounded and shifted by 15, is (sum + 32) >> 6.
  return _mm256_mulhrs_epi16(_mm256_add_epi16(high, _mm256_srli_epi16(low, 8)), _mm256_set1_epi16(1 << 9));
}

// The gray of 16 pixels in numbers of 16 bits.
template <typename Format, bool kHasBefore>
NGP_AVX2 inline __m256i gray_of_16(Format format, const std::uint8_t* now, const std::uint8_t* before) {
  const __m256i red_blue_mask = _mm256_set1_epi16(static_cast<std::int16_t>(0xF81F));
  const __m256i green_mask = _mm256_set1_epi16(0x07E0);
  const __m256i pixels = as_565(format, load_wide(now));
  __m256i red_blue = _mm256_and_si256(pixels, red_blue_mask), green = _mm256_and_si256(pixels, green_mask);
  if constexpr (kHasBefore) {
    const __m256i earlier = as_565(format, load_wide(before));
    red_blue = _mm256_max_epu8(red_blue, _mm256_and_si256(earlier, red_blue_mask));
    green = _mm256_max_epu16(green, _mm256_and_si256(earlier, green_mask));
  }
  return gray_of_565(red_blue, _mm256_srli_epi16(green, 4));
}

// The gray of eight pixels in numbers of 32 bits. The pairs of bytes are blue and green, red and nothing.
NGP_AVX2 inline __m256i gray_of_8888(__m256i pixels) {
  const __m256i high = _mm256_maddubs_epi16(pixels, _mm256_set1_epi32(38 << 16 | 75 << 8 | 15));
  // 3735 is 256 x 15 - 105: these bytes have signs.
  const __m256i low = _mm256_maddubs_epi16(pixels, _mm256_set1_epi32(70 << 16 | 35 << 8 | (-105 & 0xFF)));
  const __m256i sum = _mm256_add_epi32(_mm256_madd_epi16(high, _mm256_set1_epi16(256)),
                                       _mm256_madd_epi16(low, _mm256_set1_epi16(1)));
  return _mm256_srli_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(1 << 14)), 15);
}

template <typename Format, bool kHasBefore>
NGP_AVX2 inline __m256i gray_of_16(Xrgb8888, const std::uint8_t* now, const std::uint8_t* before) {
  __m256i first = load_wide(now), second = load_wide(now + 32);
  if constexpr (kHasBefore) {
    first = _mm256_max_epu8(first, load_wide(before));
    second = _mm256_max_epu8(second, load_wide(before + 32));
  }
  const __m256i both = _mm256_packus_epi32(gray_of_8888(first), gray_of_8888(second));
  return _mm256_permute4x64_epi64(both, 0xD8);  // packing goes half by half
}

// Writes the pixels that come in 32s and returns their number.
template <typename Format, bool kHasBefore>
NGP_AVX2 std::size_t gray_row_by_32(const std::uint8_t* now, const std::uint8_t* before, std::size_t count,
                                    std::uint8_t* out) {
  constexpr std::size_t kBytes = 16 * sizeof(typename Format::Pixel);
  std::size_t x = 0;
  for (; x + 32 <= count; x += 32, now += 2 * kBytes) {
    const __m256i first = gray_of_16<Format, kHasBefore>(Format{}, now, before);
    if constexpr (kHasBefore) before += kBytes;
    const __m256i second = gray_of_16<Format, kHasBefore>(Format{}, now + kBytes, before);
    if constexpr (kHasBefore) before += kBytes;
    const __m256i both = _mm256_permute4x64_epi64(_mm256_packus_epi16(first, second), 0xD8);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + x), both);
  }
  return x;
}
#endif

template <typename Format>
void gray_row(const std::uint8_t* now, const std::uint8_t* before, std::size_t count, std::uint8_t* out) {
  std::size_t done = 0;
#if defined(__x86_64__)
  if (has_avx2()) {
    const auto row = before == nullptr ? gray_row_by_32<Format, false> : gray_row_by_32<Format, true>;
    done = row(now, before, count, out);
  }
#endif
  const std::size_t offset = done * sizeof(typename Format::Pixel);
  gray_row_plainly<Format>(now + offset, before == nullptr ? nullptr : before + offset, count - done, out + done);
}

}  // namespace ngp
