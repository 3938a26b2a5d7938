#include "product.hpp"

#include "block.hpp"

namespace ngp::kernels {
namespace {

// The rows of a block: where they begin, where they go and what gates them.
template <int kRows>
struct Rows {
  const Real* input[kRows];
  Real* output[kRows];
  const Real* gate[kRows];
};

template <int kVectors>
void finish_row(const Vec (&sums)[kVectors], const Finish& finish, std::size_t first, const Real* gate, Real* to) {
  const Vec zero = {};
#pragma GCC unroll 4
  for (int part = 0; part < kVectors; ++part) {
    const std::size_t at = first + part * kLanes;
    const Vec bias = finish.bias ? load(finish.bias + at) : zero;
    const Vec sum = sums[part] * finish.scale + bias;
    store(to + at, gate ? pass(load(gate + at), sum) : rectify(sum));
  }
}

template <int kRows, int kVectors>
void multiply_rows(const Patches& patches, const Pack* weights, std::size_t num_outputs, std::size_t first,
                   const Finish& finish, const Rows<kRows>& rows, std::size_t num_rows) {
  Block<kRows, kVectors> block;
  block.clear();
  for (const Tap* tap = patches.taps; tap != patches.taps + patches.num_taps; ++tap) {
    const Real* from[kRows];
    for (int row = 0; row < kRows; ++row) from[row] = rows.input[row] + tap->input;
    const Pack* vectors = weights + tap->weight * num_outputs + first;
    constexpr auto kStep = static_cast<std::ptrdiff_t>(kPack);
    for (std::ptrdiff_t at = 0; at < kStep * tap->num_packs; at += kStep, vectors += num_outputs) {
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
void multiply_outputs(const Patches& patches, const Pack* weights, std::size_t num_outputs, std::size_t first,
                      const Finish& finish, Pictures<const Real> input, Pictures<Real> output,
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
void multiply_plain_rows(const Real* rows, std::size_t num_rows, std::size_t num_inputs, const Pack* weights,
                         std::size_t num_outputs, float* to) {
  for (std::size_t first = 0; first < num_rows; first += kRows, rows += kRows * num_inputs, to += kRows * num_outputs) {
    const Real* from[kRows];
    for (std::size_t row = 0; row < kRows; ++row) from[row] = rows + (first + row < num_rows ? row * num_inputs : 0);
    Block<kRows, kVectors> block;
    block.clear();
    const Pack* vectors = weights;
    for (std::size_t at = 0; at < num_inputs; at += kPack, vectors += num_outputs) {
      block.add(vectors, [&](int row) { return from[row] + at; });
    }
    block.visit([&](int row, int part, Vec& sum) {
      if (first + row < num_rows) store(to + row * num_outputs + part * kLanes, sum);
    });
  }
}

template <int kRows, int kVectors>
void accumulate_block(const Overlap& overlap, const Pack* input, const Pack* gradient, std::size_t num_outputs,
                      float* sums) {
  Block<kRows, kVectors> block;
  block.visit([&](int row, int part, Vec& sum) { sum = load(sums + row * num_outputs + part * kLanes); });
  for (std::size_t row = 0; row < overlap.num_rows; ++row) {
    const Pack* left = input + row * overlap.input_row;
    const Pack* right = gradient + row * overlap.gradient_row;
    for (std::size_t column = 0; column < overlap.num_columns; ++column) {
      block.add(right, [&](int at) { return left + at; });
      left += overlap.input_column;
      right += overlap.gradient_column;
    }
  }
  block.visit([&](int row, int part, Vec& sum) { store(sums + row * num_outputs + part * kLanes, sum); });
}

}  // namespace

void multiply(const Patches& patches, const Pack* weights, std::size_t num_outputs, const Finish& finish,
              Pictures<const Real> input, Pictures<Real> output, std::size_t num_pictures) {
  std::size_t first = 0;
  const auto run = [&](auto&& outputs, std::size_t width) {
    for (; first + width <= num_outputs; first += width) {
      outputs(patches, weights, num_outputs, first, finish, input, output, num_pictures);
    }
  };
  if constexpr (kLanes == 16) {
    run(multiply_outputs<6, 4>, 64);
    run(multiply_outputs<10, 2>, 32);
    run(multiply_outputs<8, 1>, 16);
  } else {
    run(multiply_outputs<6, kSixteen>, 16);
  }
}

void multiply_rows(const Real* rows, std::size_t num_rows, std::size_t num_inputs, const Pack* weights,
                   std::size_t num_outputs, float* to) {
  std::size_t first = 0;
  const auto run = [&](auto&& outputs, std::size_t width) {
    for (; first + width <= num_outputs; first += width) {
      outputs(rows, num_rows, num_inputs, weights + first, num_outputs, to + first);
    }
  };
  if constexpr (kLanes == 16) {
    run(multiply_plain_rows<6, 4>, 64);
    // Blocks of ten rows are the fastest, unless the last one of them is mostly for nothing.
    if (num_rows % 8) run(multiply_plain_rows<10, 2>, 32);
    run(multiply_plain_rows<8, 2>, 32);
    run(multiply_plain_rows<8, 1>, 16);
  } else {
    run(multiply_plain_rows<6, kSixteen>, 16);
  }
}

void accumulate(const Overlap& overlap, const Pack* input, const Pack* gradient, std::size_t num_inputs,
                std::size_t num_outputs, float* sums) {
  constexpr int kRows = kLanes == 16 ? 8 : 4;
  for (std::size_t row = 0; row < num_inputs; row += kRows) {
    std::size_t first = 0;
    const auto run = [&](auto&& block, std::size_t width) {
      for (; first + width <= num_outputs; first += width) {
        block(overlap, input + row, gradient + first, num_outputs, sums + row * num_outputs + first);
      }
    };
    if constexpr (kLanes == 16) run(accumulate_block<kRows, 2>, 32);
    run(accumulate_block<kRows, kSixteen>, 16);
  }
}

}  // namespace ngp::kernels
