#include "snapshot.hpp"

#include <cstring>
#include <memory>

#include "errors.hpp"

namespace ngp {

namespace {

constexpr char kMagic[] = {'N', 'G', 'P', 's', 'n', 'a', 'p', '2'};
constexpr char kMagicOf01[] = {'N', 'G', 'P', 's', 'n', 'a', 'p', '1'};  // of 0.1, without buttons
constexpr std::size_t kHeader = sizeof kMagic + sizeof(std::uint64_t);

// FNV-1a over 64-bit words, and over the bytes that are left: finds damage, not malice.
std::uint64_t checksum(const std::uint8_t* bytes, std::size_t size) {
  constexpr std::uint64_t kPrime = 0x100000001B3;
  std::uint64_t sum = 0xCBF29CE484222325;
  std::size_t place = 0;
  for (; place + sizeof sum <= size; place += sizeof sum) {
    std::uint64_t word;
    std::memcpy(&word, bytes + place, sizeof word);
    sum = (sum ^ word) * kPrime;
    sum ^= sum >> 32;
  }
  for (; place < size; ++place) sum = (sum ^ bytes[place]) * kPrime;
  return sum;
}

class Writer {
 public:
  explicit Writer(Bytes& bytes) : bytes_(bytes) {}

  template <typename Number>
  void number(Number value) {
    raw(&value, sizeof value);
  }
  template <typename Items>
  void items(const Items& items) {
    number(static_cast<std::uint64_t>(items.size()));
    raw(items.data(), items.size() * sizeof(items[0]));
  }

  void raw(const void* data, std::size_t size) {
    const auto* begin = static_cast<const std::uint8_t*>(data);
    bytes_.insert(bytes_.end(), begin, begin + size);
  }

 private:
  Bytes& bytes_;
};

class Reader {
 public:
  Reader(const std::uint8_t* bytes, std::size_t size) : bytes_(bytes), left_(size) {}

  template <typename Number>
  Number number() {
    Number value;
    std::memcpy(&value, take(sizeof value), sizeof value);
    return value;
  }
  template <typename Items>
  Items items() {
    const auto count = number<std::uint64_t>();
    Items items;
    if (count > left_ / sizeof(items[0])) throw EngineError("The snapshot is cut short.");
    items.resize(static_cast<std::size_t>(count));
    const std::size_t size = items.size() * sizeof(items[0]);
    if (size != 0) std::memcpy(&items[0], take(size), size);
    return items;
  }
  std::size_t left() const { return left_; }

 private:
  const std::uint8_t* take(std::size_t size) {
    if (size > left_) throw EngineError("The snapshot is cut short.");
    const std::uint8_t* const taken = bytes_;
    bytes_ += size;
    left_ -= size;
    return taken;
  }

  const std::uint8_t* bytes_;
  std::size_t left_;
};

}  // namespace

Bytes Snapshot::to_bytes() const {
  Bytes bytes(kMagic, kMagic + sizeof kMagic);
  bytes.reserve(kHeader + fingerprint.size() + size_bytes() + 64);
  Writer writer(bytes);
  writer.number(std::uint64_t{0});
  writer.items(fingerprint);
  // A level's start state is as long as the core asks; what is left out at the end is zero.
  std::size_t num_state_bytes = keyframe.state->size();
  while (num_state_bytes > 0 && (*keyframe.state)[num_state_bytes - 1] == 0) --num_state_bytes;
  writer.number(static_cast<std::uint64_t>(num_state_bytes));
  writer.raw(keyframe.state->data(), num_state_bytes);
  writer.items(keyframe.scenario);
  writer.items(masks);
  writer.items(stack);
  writer.number(held_mask);
  writer.number(num_steps);
  writer.number(static_cast<std::uint8_t>(has_held));
  writer.number(static_cast<std::uint8_t>(is_over));
  const std::uint64_t sum = checksum(bytes.data() + kHeader, bytes.size() - kHeader);
  std::memcpy(bytes.data() + sizeof kMagic, &sum, sizeof sum);
  return bytes;
}

Snapshot Snapshot::from_bytes(const std::uint8_t* bytes, std::size_t size) {
  const bool has_masks = size >= kHeader && std::memcmp(bytes, kMagic, sizeof kMagic) == 0;
  if (!has_masks && (size < kHeader || std::memcmp(bytes, kMagicOf01, sizeof kMagicOf01) != 0)) {
    throw EngineError("These " + std::to_string(size) + " bytes are no snapshot.");
  }
  Reader reader(bytes + sizeof kMagic, size - sizeof kMagic);
  if (reader.number<std::uint64_t>() != checksum(bytes + kHeader, size - kHeader)) {
    throw EngineError("The snapshot is cut short or was changed.");
  }
  Snapshot snapshot;
  snapshot.fingerprint = reader.items<std::string>();
  snapshot.keyframe.state = std::make_shared<const Bytes>(reader.items<Bytes>());
  snapshot.keyframe.scenario = reader.items<std::vector<std::int64_t>>();
  if (has_masks) snapshot.masks = reader.items<std::vector<std::uint32_t>>();
  snapshot.stack = reader.items<Bytes>();
  snapshot.held_mask = reader.number<std::uint32_t>();
  snapshot.num_steps = reader.number<std::uint32_t>();
  snapshot.has_held = reader.number<std::uint8_t>() != 0;
  snapshot.is_over = reader.number<std::uint8_t>() != 0;
  if (reader.left() != 0) throw EngineError("There is more after the end of the snapshot.");
  return snapshot;
}

}  // namespace ngp
