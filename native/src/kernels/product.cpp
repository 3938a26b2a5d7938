#include "product.hpp"

#include "block.hpp"

namespace ngp::kernels {
namespace {

// The rows of a block: where they begin, where they go and what gates them.
template <int kRows>
struct Rows {
  const Bf16* input[kRows];
  Bf16* output[kRows];
  const Bf16* gate[kRows];
};

template <int kVectors>
void finish_row(const __m512 (&sums)[kVectors], const Finish& finish, std::size_t first, const Bf16* gate, Bf16* to) {
  const __m512 scale = _mm512_set1_ps(finish.scale), zero = _mm512_setzero_ps();
#pragma GCC unroll 4
  for (int part = 0; part < kVectors; ++part) {
    const std::size_t at = first + part * kLanes;
    const __m512 bias = finish.bias ? _mm512_loadu_ps(finish.bias + at) : zero;
    const __m512 sum = _mm512_fmadd_ps(sums[part], scale, bias);
    if (gate) {
      const __m256i opened = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(gate + at));
      const __mmask16 is_open = _mm256_cmpgt_epi16_mask(opened, _mm256_setzero_si256());
      store_bf16(to + at, _mm512_maskz_mov_ps(is_open, sum));
    } else {
      store_bf16(to + at, _mm512_max_ps(zero, sum));  // in this order what is not a number stays so
    }
  }
}

template <int kRows, int kVectors>
void multiply_rows(const Patches& patches, const Pair* weights, std::size_t num_outputs, std::size_t first,
                   const Finish& finish, const Rows<kRows>& rows, std::size_t num_rows) {
  Block<kRows, kVectors> block;
  block.clear();
  for (const Tap* tap = patches.taps; tap != patches.taps + patches.num_taps; ++tap) {
    const Bf16* from[kRows];
    for (int row = 0; row < kRows; ++row) from[row] = rows.input[row] + tap->input;
    const Pair* vectors = weights + tap->weight * num_outputs + first;
    const std::ptrdiff_t end = 2 * static_cast<std::ptrdiff_t>(tap->num_pairs);
    for (std::ptrdiff_t at = 0; at < end; at += 2, vectors += num_outputs) {
      block.add(vectors, [&](int row) { return from[row] + at; });
    }
  }
#pragma GCC unroll 16
  for (int row = 0; row < kRows; ++row) {
    if (static_cast<std::size_t>(row) < num_rows) {
      finish_row(block.sums[row], finish, first, rows.gate[row], rows.output[row]);
    }
  }
}

// Multiplies for outputs from `first` on, kVectors × 16 of them, all rows of all pictures in blocks of kRows.
template <int kRows, int kVectors>
void multiply_outputs(const Patches& patches, const Pair* weights, std::size_t num_outputs, std::size_t first,
                      const Finish& finish, Pictures<const Bf16> input, Pictures<Bf16> output,
                      std::size_t num_pictures) {
  Rows<kRows> rows;
  std::size_t filled = 0;
  for (std::size_t picture = 0; picture < num_pictures; ++picture) {
    for (const Place* place = patches.places; place != patches.places + patches.num_places; ++place) {
      rows.input[filled] = input.at(picture) + place->input;
      rows.output[filled] = output.at(picture) + place->output;
      rows.gate[filled] = finish.gates.first ? finish.gates.at(picture) + place->output : nullptr;
      if (++filled < kRows) continue;
      multiply_rows<kRows, kVectors>(patches, weights, num_outputs, first, finish, rows, filled);
      filled = 0;
    }
  }
  if (!filled) return;
  for (std::size_t row = filled; row < kRows; ++row) rows.input[row] = rows.input[0];  // computed and dropped
  multiply_rows<kRows, kVectors>(patches, weights, num_outputs, first, finish, rows, filled);
}

template <int kRows, int kVectors>
void multiply_plain_rows(const Bf16* rows, std::size_t num_rows, std::size_t num_inputs, const Pair* weights,
                         std::size_t num_outputs, float* to) {
  for (std::size_t first = 0; first < num_rows; first += kRows, rows += kRows * num_inputs, to += kRows * num_outputs) {
    const Bf16* from[kRows];
    for (std::size_t row = 0; row < kRows; ++row) from[row] = rows + (first + row < num_rows ? row * num_inputs : 0);
    Block<kRows, kVectors> block;
    block.clear();
    const Pair* vectors = weights;
    for (std::size_t at = 0; at < num_inputs; at += 2, vectors += num_outputs) {
      block.add(vectors, [&](int row) { return from[row] + at; });
    }
    block.visit([&](int row, int part, __m512& sum) {
      if (first + row < num_rows) _mm512_storeu_ps(to + row * num_outputs + part * kLanes, sum);
    });
  }
}

template <int kRows, int kVectors>
void accumulate_block(const Overlap& overlap, const Pair* input, const Pair* gradient, std::size_t num_outputs,
                      float* sums) {
  Block<kRows, kVectors> block;
  block.visit([&](int row, int part, __m512& sum) { sum = _mm512_loadu_ps(sums + row * num_outputs + part * kLanes); });
  for (std::size_t row = 0; row < overlap.num_rows; ++row) {
    const Pair* left = input + row * overlap.input_row;
    const Pair* right = gradient + row * overlap.gradient_row;
    for (std::size_t column = 0; column < overlap.num_columns; ++column) {
      block.add(right, [&](int at) { return left + at; });
      left += overlap.input_column;
      right += overlap.gradient_column;
    }
  }
  block.visit([&](int row, int part, __m512& sum) { _mm512_storeu_ps(sums + row * num_outputs + part * kLanes, sum); });
}

}  // namespace

void multiply(const Patches& patches, const Pair* weights, std::size_t num_outputs, const Finish& finish,
              Pictures<const Bf16> input, Pictures<Bf16> output, std::size_t num_pictures) {
  std::size_t first = 0;
  const auto run = [&](auto&& outputs, std::size_t width) {
    for (; first + width <= num_outputs; first += width) {
      outputs(patches, weights, num_outputs, first, finish, input, output, num_pictures);
    }
  };
  run(multiply_outputs<6, 4>, 4 * kLanes);
  run(multiply_outputs<10, 2>, 2 * kLanes);
  run(multiply_outputs<8, 1>, kLanes);
}

void multiply_rows(const Bf16* rows, std::size_t num_rows, std::size_t num_inputs, const Pair* weights,
                   std::size_t num_outputs, float* to) {
  std::size_t first = 0;
  const auto run = [&](auto&& outputs, std::size_t width) {
    for (; first + width <= num_outputs; first += width) {
      outputs(rows, num_rows, num_inputs, weights + first, num_outputs, to + first);
    }
  };
  run(multiply_plain_rows<6, 4>, 4 * kLanes);
  run(multiply_plain_rows<10, 2>, 2 * kLanes);
  run(multiply_plain_rows<8, 1>, kLanes);
}

void accumulate(const Overlap& overlap, const Pair* input, const Pair* gradient, std::size_t num_inputs,
                std::size_t num_outputs, float* sums) {
  for (std::size_t row = 0; row < num_inputs; row += 8) {
    std::size_t first = 0;
    for (; first + 2 * kLanes <= num_outputs; first += 2 * kLanes) {
      accumulate_block<8, 2>(overlap, input + row, gradient + first, num_outputs, sums + row * num_outputs + first);
    }
    if (first < num_outputs) {
      accumulate_block<8, 1>(overlap, input + row, gradient + first, num_outputs, sums + row * num_outputs + first);
    }
  }
}

}  // namespace ngp::kernels
