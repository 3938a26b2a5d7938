#include "variables.hpp"

#include <algorithm>

#include "errors.hpp"

namespace ngp {

namespace {

struct Order {
  bool is_big;
  bool is_mixed;
  std::size_t num_characters;
};

Order order_of(const std::string& text) {
  const char first = text[0];
  const char second = text.size() > 1 ? text[1] : '\0';
  if (first == '>') {
    // `>=` is big halves in the host's order: on the little-endian hosts that there are, the same as `><`.
    if (second == '<' || second == '=') return {true, true, 2};
    return {true, false, 1};
  }
  if (first == '<') {
    if (second == '>') return {false, true, 2};
    return {false, false, second == '=' ? std::size_t{2} : std::size_t{1}};
  }
  return {false, false, 1};  // the host is little-endian
}

}  // namespace

DataType::DataType(const std::string& text) {
  const EngineError refusal("'" + text + "' is not a type such as >u2.");
  if (text.size() < 3 || std::string("<>=|").find(text[0]) == std::string::npos) throw refusal;
  const Order order = order_of(text);
  if (text.size() != order.num_characters + 2) throw refusal;
  representation_ = text[text.size() - 2];
  const char digit = text.back();
  if (std::string("uidn").find(representation_) == std::string::npos || digit < '1' || digit > '8') throw refusal;
  width_ = static_cast<std::size_t>(digit - '0');
  const std::uint64_t base = representation_ == 'd' ? 100 : representation_ == 'n' ? 10 : 256;
  // Byte positions from the one that counts least to the one that counts most.
  std::size_t positions[kMaxWidth];
  const std::size_t half = width_ / 2;
  for (std::size_t rank = 0; rank < width_; ++rank) {
    if (!order.is_mixed) {
      positions[rank] = order.is_big ? width_ - 1 - rank : rank;
    } else if (order.is_big) {
      positions[rank] = (rank + half) % width_;
    } else {
      positions[rank] = rank < half ? half - 1 - rank : width_ - 1 - (rank - half);
    }
  }
  std::uint64_t weight = 1;
  for (std::size_t rank = 0; rank < width_; ++rank, weight *= base) weight_[positions[rank]] = weight;
}

std::int64_t DataType::decode(const std::uint8_t* bytes) const {
  std::uint64_t sum = 0;
  for (std::size_t index = 0; index < width_; ++index) {
    std::uint64_t digit = bytes[index];
    if (representation_ == 'd') {
      digit = (digit & 0xF) % 10 + (digit >> 4) % 10 * 10;
    } else if (representation_ == 'n') {
      digit &= 0xF;
      digit %= 10;
    }
    sum += digit * weight_[index];
  }
  if (representation_ == 'i') {
    const unsigned shift = 8 * (8 - static_cast<unsigned>(width_));
    return static_cast<std::int64_t>(sum << shift) >> shift;
  }
  return static_cast<std::int64_t>(sum);
}

void DataType::encode(std::uint8_t* bytes, std::int64_t value) const {
  const std::size_t width = std::min(width_, kMaxWidth);  // which it is; gcc 12 warns of an overflow unless told so
  for (std::size_t index = 0; index < width; ++index) {
    const std::uint64_t rest = static_cast<std::uint64_t>(value) / weight_[index];
    if (representation_ == 'd') {
      bytes[index] = static_cast<std::uint8_t>(rest % 10 | rest / 10 % 10 << 4);
    } else if (representation_ == 'n') {
      bytes[index] = static_cast<std::uint8_t>(rest % 10);
    } else {
      bytes[index] = static_cast<std::uint8_t>(rest);
    }
  }
}

Variable::Variable(const VariableSpec& spec, const std::vector<MemoryBlock>& memory, std::size_t word_bytes)
    : name_(spec.name), type_(spec.type), mask_(spec.mask) {
  for (const MemoryBlock& block : memory) {
    if (spec.address < block.address || spec.address - block.address >= block.size) continue;
    const std::size_t begin = spec.address - block.address;
    for (std::size_t index = 0; index < type_.width(); ++index) {
      const std::size_t offset = (begin + index) ^ (word_bytes - 1);
      if (offset >= block.size) return;
      bytes_[index] = block.data + offset;
    }
    is_present_ = true;
    return;
  }
}

std::int64_t Variable::read() const {
  if (!is_present_) return 0;
  std::uint8_t bytes[DataType::kMaxWidth];
  for (std::size_t index = 0; index < type_.width(); ++index) bytes[index] = *bytes_[index];
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(type_.decode(bytes)) & mask_);
}

void Variable::write(std::int64_t value) {
  if (!is_present_) {
    throw EngineError("The variable " + name_ + " cannot be written: it lies where this console has no memory.");
  }
  std::uint8_t bytes[DataType::kMaxWidth];
  type_.encode(bytes, value);
  for (std::size_t index = 0; index < type_.width(); ++index) *bytes_[index] = bytes[index];
}

}  // namespace ngp
