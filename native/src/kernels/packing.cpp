#include "packing.hpp"

#include "vectors.hpp"

namespace ngp::kernels {
namespace {

// Calls `work(at, count)` for every kLanes of `count` numbers and for those that are left.
template <typename Work>
void for_lanes(std::size_t count, const Work& work) {
  std::size_t at = 0;
  for (; at + kLanes <= count; at += kLanes) work(at, static_cast<std::size_t>(kLanes));
  if (at < count) work(at, count - at);
}

}  // namespace

void narrow(const float* from, std::size_t count, Real* to) {
  for_lanes(count, [&](std::size_t at, std::size_t left) { store_first(to + at, load_first(from + at, left), left); });
}

void widen(const Real* from, std::size_t count, float* to) {
  for_lanes(count, [&](std::size_t at, std::size_t left) { store_first(to + at, load_first(from + at, left), left); });
}

void widen_pixels(const std::uint8_t* from, std::size_t count, Real* to) {
  for (std::size_t at = 0; at < count; ++at) to[at] = from_byte(from[at]);
}

void interleave(const Real* first, const Real* second, std::size_t count, Pack* to) {
  const bool has_second = kPack == 2 && second;
  for (std::size_t at = 0; at < count; ++at) to[at] = join(first[at], has_second ? second[at] : Real{});
}

void interleave(const std::uint8_t* first, const std::uint8_t* second, std::size_t count, Pack* to) {
  const bool has_second = kPack == 2 && second;
  for (std::size_t at = 0; at < count; ++at) {
    to[at] = join(from_byte(first[at]), has_second ? from_byte(second[at]) : Real{});
  }
}

void interleave_and_sum(const Real* first, const Real* second, std::size_t num_pixels, std::size_t num_outputs,
                        Pack* to, float* sums) {
  for (std::size_t output = 0; output < num_outputs; output += kLanes) {
    Vec sum = load(sums + output);
    for (std::size_t at = output; at < num_pixels * num_outputs; at += num_outputs) {
      sum += second ? load(first + at) + load(second + at) : load(first + at);
    }
    store(sums + output, sum);
  }
  interleave(first, second, num_pixels * num_outputs, to);
}

void transpose_packs(const Real* from, std::size_t num_rows, std::size_t num_columns, Pack* to) {
  // Packs are moved as they are, whatever their bits mean as float32.
  const auto* const given = reinterpret_cast<const float*>(from);
  auto* const found = reinterpret_cast<float*>(to);
  for (std::size_t row = 0; row < num_rows; row += kLanes) {
    for (std::size_t column = 0; column < num_columns; column += kLanes) {
      const std::size_t left = num_columns - column;
      Vec rows[kLanes];
      for (int at = 0; at < kLanes; ++at) rows[at] = load_first(given + (row + at) * num_columns + column, left);
      transpose(rows);
      for (int at = 0; at < kLanes && column + at < num_columns; ++at) {
        store(found + (column + at) * num_rows + row, rows[at]);
      }
    }
  }
}

void transpose_and_sum(const float* const* parts, std::size_t num_parts, std::size_t num_columns,
                       std::size_t num_rows, float scale, float* to) {
  for (std::size_t column = 0; column < num_columns; column += kLanes) {
    for (std::size_t row = 0; row < num_rows; row += kLanes) {
      Vec columns[kLanes];
      for (int at = 0; at < kLanes; ++at) {
        Vec sum = {};
        for (std::size_t part = 0; part < num_parts && column + at < num_columns; ++part) {
          sum += load(parts[part] + (column + at) * num_rows + row);
        }
        columns[at] = sum * scale;
      }
      transpose(columns);
      for (int at = 0; at < kLanes; ++at) {
        store_first(to + (row + at) * num_columns + column, columns[at], num_columns - column);
      }
    }
  }
}

void gate(const Real* gradient, const Real* gates, std::size_t count, Real* to) {
  for_lanes(count, [&](std::size_t at, std::size_t left) {
    store_first(to + at, pass(load_first(gates + at, left), load_first(gradient + at, left)), left);
  });
}

void add(const Real* from, std::size_t count, Real* to) {
  for (std::size_t at = 0; at < count; at += kLanes) {
    const std::size_t left = count - at;
    store_first(to + at, load_first(to + at, left) + load_first(from + at, left), left);
  }
}

}  // namespace ngp::kernels
