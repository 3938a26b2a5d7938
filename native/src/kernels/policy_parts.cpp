#include "policy_parts.hpp"

#include "vectors.hpp"

namespace ngp::kernels {
namespace {

constexpr std::size_t kLines = 2;     // of weights that are read side by side
constexpr std::size_t kAhead = 1024;  // numbers of a line that are asked for before they are wanted

// kRows rows with the lines from `output` on.
template <int kRows>
void multiply_pair_of_lines(const Real* const (&lines)[kLines], std::size_t num_inputs, const Real* input,
                            float (&sums)[kRows][kLines]) {
  Vec parts[kRows][kLines] = {};
  for (std::size_t at = 0; at < num_inputs; at += kPack * kLanes) {
    Packed weights[kLines];
#pragma GCC unroll 2
    for (std::size_t line = 0; line < kLines; ++line) {
      weights[line] = load_packs(lines[line] + at);
      __builtin_prefetch(lines[line] + at + kAhead);
    }
#pragma GCC unroll 8
    for (int row = 0; row < kRows; ++row) {
      const Packed given = load_packs(input + row * num_inputs + at);
#pragma GCC unroll 2
      for (std::size_t line = 0; line < kLines; ++line) {
        parts[row][line] = multiply_add(given, weights[line], parts[row][line]);
      }
    }
  }
  for (int row = 0; row < kRows; ++row) {
    for (std::size_t line = 0; line < kLines; ++line) sums[row][line] = sum_lanes(parts[row][line]);
  }
}

template <int kRows>
void multiply_row_block(const Real* weights, const Real* bias, std::size_t num_inputs, std::size_t num_outputs,
                        const Real* input, std::size_t begin, std::size_t end, Real* to) {
  for (std::size_t output = begin; output < end; output += kLines) {
    const bool has_second = output + 1 < end;
    const Real* const first = weights + output * num_inputs;
    const Real* const lines[kLines] = {first, has_second ? first + num_inputs : first};
    float sums[kRows][kLines];
    multiply_pair_of_lines<kRows>(lines, num_inputs, input, sums);
    for (int row = 0; row < kRows; ++row) {
      for (std::size_t line = 0; line < (has_second ? kLines : 1); ++line) {
        to[row * num_outputs + output + line] = to_real(sums[row][line] + to_float(bias[output + line]));
      }
    }
  }
}

}  // namespace

void multiply_lines(const Real* weights, const Real* bias, std::size_t num_inputs, std::size_t num_outputs,
                    const Real* input, std::size_t num_rows, std::size_t begin, std::size_t end, Real* to) {
  const auto run = [&](auto&& block, std::size_t count) {
    for (; num_rows >= count; num_rows -= count, input += count * num_inputs, to += count * num_outputs) {
      block(weights, bias, num_inputs, num_outputs, input, begin, end, to);
    }
  };
  if constexpr (kRegisters == 32) run(multiply_row_block<8>, 8);
  run(multiply_row_block<4>, 4);
  run(multiply_row_block<1>, 1);
}

void multiply_rectified(const Real* hidden, std::size_t num_rows, std::size_t num_inputs, const float* weights,
                        const float* bias, std::size_t num_outputs, float* to) {
  constexpr std::size_t kTogether = 4;
  for (std::size_t row = 0; row < num_rows; ++row, hidden += num_inputs, to += num_outputs) {
    for (std::size_t first = 0; first < num_outputs; first += kTogether) {
      const std::size_t count = num_outputs - first < kTogether ? num_outputs - first : kTogether;
      const float* lines[kTogether];
      for (std::size_t line = 0; line < kTogether; ++line) {
        lines[line] = weights + (first + (line < count ? line : 0)) * num_inputs;
      }
      Vec sums[kTogether] = {};
      for (std::size_t at = 0; at < num_inputs; at += kLanes) {
        const Vec unit = rectify(load(hidden + at));
#pragma GCC unroll 4
        for (std::size_t line = 0; line < kTogether; ++line) sums[line] += unit * load(lines[line] + at);
      }
      for (std::size_t line = 0; line < count; ++line) to[first + line] = bias[first + line] + sum_lanes(sums[line]);
    }
  }
}

void multiply_rectified_back(const Real* hidden, std::size_t num_rows, std::size_t num_inputs, const float* weights,
                             const float* gradient, std::size_t num_outputs, Real* to) {
  for (std::size_t row = 0; row < num_rows; ++row, gradient += num_outputs) {
    for (std::size_t at = 0; at < num_inputs; at += kLanes, hidden += kLanes, to += kLanes) {
      Vec sum = {};
      for (std::size_t output = 0; output < num_outputs; ++output) {
        sum += gradient[output] * load(weights + output * num_inputs + at);
      }
      store(to, pass(load(hidden), sum));
    }
  }
}

void add_rectified(const Real* hidden, std::size_t num_rows, std::size_t num_inputs, const float* gradient,
                   std::size_t num_outputs, std::size_t begin, std::size_t end, Real* to) {
  for (std::size_t at = 0; at < num_inputs; at += kLanes) {
    Vec sums[kOutputsTogether] = {};
    for (std::size_t row = 0; row < num_rows; ++row) {
      const Vec unit = rectify(load(hidden + row * num_inputs + at));
      const float* const given = gradient + row * num_outputs + begin;
#pragma GCC unroll 8
      for (std::size_t output = 0; output < kOutputsTogether; ++output) {
        // What is beyond the last output is that of the first, and is dropped.
        sums[output] += unit * given[begin + output < end ? output : 0];
      }
    }
    for (std::size_t output = begin; output < end; ++output) store(to + output * num_inputs + at, sums[output - begin]);
  }
}

}  // namespace ngp::kernels
