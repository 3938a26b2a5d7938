// Variables of a game: typed numbers at addresses of the console's memory, read as stable-retro reads them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core.hpp"

namespace ngp {

// A type of data.json such as ">u2": byte order, representation and width in bytes.
//
// Byte order: `<` little, `>` big, `=` the host's, `|` irrelevant; `<>`, `><`, `<=` and `>=` give the order of the two
// halves first, then that within a half.
// Representation: `u` unsigned, `i` signed, `d` binary-coded decimal, `n` a decimal digit in the low nibble of a byte.
class DataType {
 public:
  static constexpr std::size_t kMaxWidth = 8;

  // Throws EngineError when the text is no such type.
  explicit DataType(const std::string& text);

  std::size_t width() const { return width_; }
  // The number in `width()` bytes of memory.
  std::int64_t decode(const std::uint8_t* bytes) const;
  // Writes a number into `width()` bytes.
  void encode(std::uint8_t* bytes, std::int64_t value) const;

 private:
  std::size_t width_;
  char representation_;
  std::uint64_t weight_[kMaxWidth];  // what a one in each byte counts
};

struct VariableSpec {
  std::string name;
  std::string type;
  std::size_t address;
  std::uint64_t mask;
};

// A variable in the memory of one console. Many integrations name an address that a console does not have: such a
// variable is not present, reads as 0 and cannot be written.
class Variable {
 public:
  // `word_bytes`: 2 where the core keeps 16-bit words in the host's byte order, else 1. Throws EngineError when the
  // spec's type is none.
  Variable(const VariableSpec& spec, const std::vector<MemoryBlock>& memory, std::size_t word_bytes);

  const std::string& name() const { return name_; }
  // Whether all of its bytes lie in one block.
  bool is_present() const { return is_present_; }
  std::int64_t read() const;
  // Throws EngineError when the variable is not present.
  void write(std::int64_t value);

 private:
  std::string name_;
  DataType type_;
  std::uint8_t* bytes_[DataType::kMaxWidth] = {};  // where each byte of the number lies
  std::uint64_t mask_;
  bool is_present_ = false;
};

}  // namespace ngp
