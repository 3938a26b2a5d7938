// A lane's moment to come back to, and its form as bytes for a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "shared_blob.hpp"

namespace ngp {

// Everything needed to go on from a moment, without the random numbers still to come; shared by all lanes that start
// from it.
struct Snapshot {
  std::string fingerprint;  // of the core's file and the ROM
  Bytes state;              // without the end that the core leaves untouched
  std::vector<std::int64_t> scenario;
  Bytes stack;
  std::uint32_t held_mask = 0;
  bool has_held = false;
  bool is_over = true;
  std::uint32_t num_steps = 0;

  std::size_t size_bytes() const { return state.size() + stack.size() + scenario.size() * sizeof(std::int64_t); }
  // All of it in the host's byte order: a state belongs to one build of a core, and so to one kind of host.
  Bytes to_bytes() const;
  // Throws EngineError when the bytes are no snapshot, cut short or changed.
  static Snapshot from_bytes(const std::uint8_t* bytes, std::size_t size);
};

}  // namespace ngp
