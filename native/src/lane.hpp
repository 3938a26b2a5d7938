// One environment of a batch: a console, the scenario that judges it, what its agent sees, and its own random numbers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core.hpp"
#include "observation.hpp"
#include "random.hpp"
#include "scenario.hpp"
#include "shared_blob.hpp"
#include "snapshot.hpp"

namespace ngp {

struct LaneSpec {
  CoreSpec core;
  std::string fingerprint;  // of the core's file and the ROM: states belong to one build and one game
  std::shared_ptr<const Bytes> rom;
  std::shared_ptr<const Bytes> start_state;
  ScenarioSpec scenario;
  ObservationSpec observation;
  unsigned frames_per_step = 1;
  double sticky_probability = 0;
  std::uint32_t max_episode_steps = 0;  // 0: no limit
};

// What a step came to; the observation goes straight into the batch.
struct Outcome {
  double reward = 0;
  bool is_terminated = false;
  bool is_truncated = false;
  bool is_over() const { return is_terminated || is_truncated; }
};

class Lane {
 public:
  explicit Lane(LaneSpec spec);

  // Begins an episode and writes its first observation and the values of its variables.
  void reset(std::uint8_t* observation, std::int64_t* values);

  // Holds `mask` for a step. When the episode ends, its last observation and values go to `final_…`, and the first of
  // the next episode to `observation` and `values`; a lane that stops at ends leaves the machine and `observation` and
  // `values` at the last ones. Throws EngineError before the first reset, and when an episode is over.
  Outcome step(std::uint32_t mask, std::uint8_t* observation, std::int64_t* values, std::uint8_t* final_observation,
               std::int64_t* final_values);

  // Whether the next episode waits for `reset` instead of beginning in the step that ends one.
  void stop_at_ends(bool does_stop) { stops_at_ends_ = does_stop; }
  bool stops_at_ends() const { return stops_at_ends_; }

  // The moment, as the last keyframe and the buttons since: the start of the episode, if it was not settled later. It
  // comes back exactly wherever the core is deterministic. Throws EngineError when a variable was written since.
  std::shared_ptr<const Snapshot> save() const;
  // Makes the present moment the keyframe, so that a snapshot holds its state and no buttons. If the core's states
  // leave something out, this lane, too, goes on from what a load brings back. Throws EngineError when a script judges,
  // whose memory has no copy.
  void settle();
  // Goes to the snapshot's moment. The picture is drawn only if there are buttons to play. Throws EngineError when the
  // snapshot belongs to another core build or game, ScriptError when its script fails.
  void load(const Snapshot& snapshot, std::uint8_t* observation, std::int64_t* values);

  // Replaces a console that hangs by a new one at the start of an episode; the old one is never touched again.
  void rebuild(std::uint8_t* observation, std::int64_t* values);

  // Writes a variable into the console's memory, which no buttons can repeat.
  void write(std::size_t variable, std::int64_t value);

  Core& core() { return *core_; }
  Scenario& scenario() { return *scenario_; }
  Observer& observer() { return *observer_; }
  Random& random() { return random_; }
  const LaneSpec& spec() const { return spec_; }
  // The buttons that each frame of the last step held.
  const std::vector<std::uint32_t>& held_masks() const { return held_masks_; }
  // The reward of each frame of the last step; none after `load`.
  const std::vector<double>& frame_rewards() const { return frame_rewards_; }

 private:
  void load_core();
  void load_start();
  void replay(const Snapshot& snapshot);
  void run_frame(std::uint32_t mask, bool is_drawn);
  void see(bool is_first, std::uint8_t* observation, std::int64_t* values);
  std::uint32_t first_mask(std::uint32_t mask);

  LaneSpec spec_;
  std::unique_ptr<Core> core_;
  std::unique_ptr<Scenario> scenario_;
  std::unique_ptr<Observer> observer_;
  Random random_;
  std::vector<std::uint32_t> held_masks_;
  std::vector<double> frame_rewards_;
  Keyframe keyframe_;
  std::vector<std::uint32_t> masks_;  // the buttons of each frame since the keyframe
  bool is_written_ = false;           // since the keyframe
  bool has_held_ = false;
  bool is_over_ = true;
  bool stops_at_ends_ = false;
  std::uint32_t num_steps_ = 0;
};

}  // namespace ngp
