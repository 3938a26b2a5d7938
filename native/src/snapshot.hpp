// A lane's moment to come back to, and its form as bytes for a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "shared_blob.hpp"

namespace ngp {

// A moment that a load brings back exactly.
struct Keyframe {
  std::shared_ptr<const Bytes> state;  // of the machine; the end that the core leaves untouched may be missing
  // What the scenario remembers. Empty: an episode begins, with the frame that runs first.
  std::vector<std::int64_t> scenario;
  bool is_start() const { return scenario.empty(); }
};

// Everything needed to go on from a moment, without the random numbers still to come; shared by all lanes that start
// from it. The moment is reached from a keyframe by playing the buttons of the frames since.
struct Snapshot {
  std::string fingerprint;  // of the core's file and the ROM
  Keyframe keyframe;
  std::vector<std::uint32_t> masks;  // the buttons of each frame since the keyframe
  Bytes stack;
  std::uint32_t held_mask = 0;
  bool has_held = false;
  bool is_over = true;
  std::uint32_t num_steps = 0;

  std::size_t size_bytes() const {
    return keyframe.state->size() + stack.size() + keyframe.scenario.size() * sizeof(std::int64_t) +
           masks.size() * sizeof(std::uint32_t);
  }
  // All of it in the host's byte order: a state belongs to one build of a core, and so to one kind of host.
  Bytes to_bytes() const;
  // Throws EngineError when the bytes are no snapshot, cut short or changed.
  static Snapshot from_bytes(const std::uint8_t* bytes, std::size_t size);
};

}  // namespace ngp
