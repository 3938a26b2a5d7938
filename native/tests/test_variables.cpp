// Typed numbers in memory: orders, representations, and what is not a type.
#include "variables.hpp"

#include "check.hpp"
#include "errors.hpp"

using ngp::DataType;

namespace {

void check_number(const char* type, std::vector<std::uint8_t> bytes, std::int64_t expected) {
  const DataType data_type(type);
  CHECK(data_type.width() == bytes.size());
  CHECK(data_type.decode(bytes.data()) == expected);
  std::vector<std::uint8_t> written(bytes.size(), 0xEE);
  data_type.encode(written.data(), expected);
  CHECK(written == bytes);
}

void check_variables() {
  std::uint8_t memory[4] = {0x12, 0x34, 0x56, 0x78};
  const std::vector<ngp::MemoryBlock> blocks = {{0x100, sizeof memory, memory}};
  ngp::Variable plain({"plain", ">u2", 0x101, ~0ULL}, blocks, 1);
  CHECK(plain.read() == 0x3456);
  plain.write(0xABCD);
  CHECK(memory[1] == 0xAB && memory[2] == 0xCD);
  CHECK(ngp::Variable({"swapped", ">u2", 0x102, ~0ULL}, blocks, 2).read() == 0x78CD);
  CHECK(ngp::Variable({"masked", "|u1", 0x100, 0x0F}, blocks, 1).read() == 0x2);
  ngp::Variable beyond({"beyond", ">u4", 0x101, ~0ULL}, blocks, 1);
  CHECK(!beyond.is_present() && beyond.read() == 0);
  CHECK_THROWS(ngp::EngineError, "beyond cannot be written", beyond.write(1));
}

}  // namespace

int main() {
  check_number("|u1", {0xFE}, 254);
  check_number("|i1", {0xFE}, -2);
  check_number(">u2", {0x12, 0x34}, 0x1234);
  check_number("<u4", {0x78, 0x56, 0x34, 0x12}, 0x12345678);
  check_number("<>u4", {0x56, 0x78, 0x12, 0x34}, 0x12345678);
  check_number(">i8", {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFD}, -3);
  check_number(">d3", {0x12, 0x34, 0x56}, 123456);
  check_number(">n3", {1, 2, 3}, 123);
  for (const char* text : {"", "u1", ">u0", ">u9", ">x2", ">>u2", ">u22"}) {
    CHECK_THROWS(ngp::EngineError, "is not a type", DataType{text});
  }
  check_variables();
}
