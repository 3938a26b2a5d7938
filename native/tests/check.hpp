// What the native tests share: a check that says where it failed, and the files that CMake put ready for them.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "pool.hpp"

#define CHECK(condition)                                                                \
  do {                                                                                  \
    if (!(condition)) {                                                                 \
      std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);      \
      std::exit(1);                                                                     \
    }                                                                                   \
  } while (false)

// That `statement` throws an error whose text holds `words`.
#define CHECK_THROWS(Error, words, statement)                                                           \
  do {                                                                                                  \
    std::string text_;                                                                                  \
    try {                                                                                               \
      statement;                                                                                        \
    } catch (const Error& error_) {                                                                     \
      text_ = error_.what();                                                                            \
    }                                                                                                   \
    if (text_.find(words) == std::string::npos) {                                                       \
      std::fprintf(stderr, "%s:%d: '%s' does not say '%s'\n", __FILE__, __LINE__, text_.c_str(), words); \
      std::exit(1);                                                                                     \
    }                                                                                                   \
  } while (false)

namespace ngp::test {

inline std::string path(const std::string& name) { return std::string(NGP_TEST_FILES) + "/" + name; }

inline bool exists(const std::string& name) { return std::ifstream(path(name)).good(); }

inline std::shared_ptr<const Bytes> read(const std::string& name) {
  std::ifstream file(path(name), std::ios::binary);
  CHECK(file.good());
  return std::make_shared<const Bytes>(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

inline std::shared_ptr<const Bytes> bytes(const std::string& text) {
  return std::make_shared<const Bytes>(text.begin(), text.end());
}

inline CoreSpec core_spec(const std::string& core, const std::string& rom) {
  CoreSpec spec;
  spec.library = path(core + "_libretro.so");
  spec.rom_path = path(rom);
  spec.system_folder = path(".");
  if (core == "stella") spec.before_state = BeforeState::kReload;
  if (core == "genesis_plus_gx") spec.options = {{"genesis_plus_gx_bram", "per game"}};  // it must be told something
  return spec;
}

// A state of `core` with `rom`, `num_frames` after power-on.
inline std::shared_ptr<const Bytes> state_of(const CoreSpec& spec, const std::shared_ptr<const Bytes>& rom,
                                             unsigned num_frames) {
  Core core(spec, rom);
  for (unsigned frame = 0; frame < num_frames; ++frame) core.run();
  const std::uint8_t* const state = core.save();
  Bytes whole(state, state + core.content_size());
  whole.resize(core.state_size());
  return std::make_shared<const Bytes>(std::move(whole));
}

// A lane that shows gray 84 x 84 x 4 and judges nothing.
inline LaneSpec lane_spec(const CoreSpec& core, const std::shared_ptr<const Bytes>& rom, unsigned num_frames) {
  LaneSpec spec;
  spec.core = core;
  spec.fingerprint = core.library;
  spec.rom = rom;
  spec.start_state = state_of(core, rom, num_frames);
  spec.observation.is_gray = true;
  spec.observation.height = spec.observation.width = 84;
  spec.observation.stack = 4;
  spec.frames_per_step = 4;
  spec.sticky_probability = 0.25;
  return spec;
}

inline LaneSpec faulty_lane(const char* fault) {
  LaneSpec spec = lane_spec(core_spec("faulty", "faulty.rom"), bytes(fault), 1);
  spec.sticky_probability = 0;
  return spec;
}

// FNV-1a.
inline std::uint64_t hash(const std::uint8_t* data, std::size_t size, std::uint64_t before = 14695981039346656037ULL) {
  for (std::size_t index = 0; index < size; ++index) before = (before ^ data[index]) * 1099511628211ULL;
  return before;
}

inline std::uint64_t hash_of_memory(const Core& core) {
  std::uint64_t all = hash(nullptr, 0);
  for (const MemoryBlock& block : core.memory()) all = hash(block.data, block.size, all);
  return all;
}

// Buttons without meaning, the same every time.
class Buttons {
 public:
  explicit Buttons(std::uint32_t seed) : state_(seed * 2654435761U + 1) {}
  std::uint32_t next() {
    state_ = state_ * 1664525U + 1013904223U;
    return state_ >> 20;  // 12 buttons
  }

 private:
  std::uint32_t state_;
};

// Arrays for a pool to write to.
struct Rows {
  explicit Rows(Pool& pool)
      : observation_size(pool.lane(0).observer().shape().size()),
        observation(pool.size() * observation_size),
        final_observation(observation.size()),
        values(pool.size() + 1),
        final_values(pool.size() + 1),
        reward(pool.size()),
        terminated(new bool[pool.size()]),
        truncated(new bool[pool.size()]) {
    Batch batch;
    batch.observation = observation.data();
    batch.final_observation = final_observation.data();
    batch.observation_size = observation_size;
    batch.values = values.data();
    batch.final_values = final_values.data();
    batch.reward = reward.data();
    batch.terminated = terminated.get();
    batch.truncated = truncated.get();
    pool.set_batch(batch);
  }

  std::size_t observation_size;
  Bytes observation, final_observation;
  std::vector<std::int64_t> values, final_values;
  std::vector<double> reward;
  std::unique_ptr<bool[]> terminated, truncated;
};

inline std::vector<std::size_t> all_of(const Pool& pool) {
  std::vector<std::size_t> lanes(pool.size());
  for (std::size_t lane = 0; lane < lanes.size(); ++lane) lanes[lane] = lane;
  return lanes;
}

// The real cores and games that are there, as (core, game).
inline std::vector<std::pair<std::string, std::string>> real_games() {
  std::vector<std::pair<std::string, std::string>> games = {{"genesis_plus_gx", "airstriker.md"},
                                                            {"picodrive", "airstriker.md"}};
  if (exists("atari.a26")) games.emplace_back("stella", "atari.a26");
  return games;
}

}  // namespace ngp::test
