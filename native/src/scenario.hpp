// Reward and end of an episode from variables: stable-retro's declarative language, and the contest's progress reward.
//
// All arithmetic is stable-retro's: whole numbers are measured in 64 bits, declared rewards are summed in 32-bit
// floats, in stable-retro's order, and the contest's progress is reckoned in doubles, as its scripts do.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "variables.hpp"

namespace ngp {

enum class Operation {
  kNone,
  kEqual,
  kNegativeEqual,
  kNotEqual,
  kLessThan,
  kGreaterThan,
  kLessOrEqual,
  kGreaterOrEqual,
  kNonzero,
  kZero,
  kNegative,
  kPositive,
  kSign,
};

// Throws EngineError when there is no operation of that name; an empty name is kNone.
Operation operation_named(const std::string& name);

// What an operation makes of a value: the value itself, its sign, or whether a comparison holds.
std::int64_t measure(Operation operation, std::int64_t reference, std::int64_t value);

// A measurement of one variable.
struct Measurement {
  std::size_t variable = 0;  // its index
  bool is_delta = false;     // the change since the last frame instead of the value
  Operation operation = Operation::kNone;
  std::int64_t reference = 0;
};

struct RewardTerm {
  Measurement measurement;
  float reward = 0;   // factor of a positive measurement
  float penalty = 0;  // factor of a negative one
};

// A reward that the episode so far decides, which stable-retro's language lacks.
struct Milestone {
  // Whether the reward is paid once, in the first frame in which the measurement is above 0; otherwise the gain over the
  // variable's highest value in the episode is measured, in each frame that exceeds it.
  bool is_once = false;
  RewardTerm term;
};

// A tree of conditions.
struct Condition {
  bool needs_all = false;  // else any
  std::vector<Measurement> measurements;
  std::vector<Condition> nodes;
};

// The contest's reward of 2018: 9,000 for progress to the end of the level, 1,000 for speed.
struct ProgressSpec {
  std::size_t x = 0;                     // index of the variable that grows towards the end
  std::size_t lives = 0;                 // index
  std::optional<std::size_t> end_x;      // index of the variable that holds where the end is
  std::optional<std::size_t> zone, act;  // indices; without `end_x`, `ends` says by them where the end is
  struct End {
    std::int64_t zone, act, x;
  };
  std::vector<End> ends;
  std::vector<Measurement> also_done;   // ends the episode besides a lost life and the goal
  std::optional<std::size_t> screen_x;  // index; re-bases x when the act changes within an episode
  std::int64_t first_frame = 0;         // what the clock for speed says of an episode's first frame
};

struct Judgement {
  float reward = 0;
  bool is_done = false;
};

// A scenario's part that is a program in another language.
class Script {
 public:
  struct Verdict {
    std::optional<float> reward;  // none: the scenario declares it
    std::optional<bool> is_done;  // none: the scenario declares it
  };

  virtual ~Script() = default;
  // Starts the program anew for an episode and judges its first frame.
  virtual void reset(const std::vector<Variable>& variables, const std::vector<std::int64_t>& values) = 0;
  virtual Verdict judge(const std::vector<Variable>& variables, const std::vector<std::int64_t>& values) = 0;
};

struct ScenarioSpec {
  std::vector<VariableSpec> variables;
  std::vector<RewardTerm> reward;        // in the order in which stable-retro loads them
  std::optional<RewardTerm> time;        // added every frame, as of a measurement of 1
  std::optional<Condition> done;
  std::optional<ProgressSpec> progress;  // instead of reward and done
  std::function<std::unique_ptr<Script>()> script;  // makes what takes the place of reward, done or both; may be empty
  std::vector<Milestone> milestones;  // added to the reward of each frame, in their order
  std::size_t word_bytes = 1;
};

// Judges the frames of one console.
class Scenario {
 public:
  // `memory` must outlive the scenario; its blocks may move. Throws EngineError when the scenario needs a variable where
  // the console has no memory.
  Scenario(const ScenarioSpec& spec, const std::vector<MemoryBlock>& memory);

  // An episode begins; the memory is that of its first frame, which counts for a script and for progress but whose
  // reward nobody gets. Throws EngineError when it is unknown where the level ends.
  void reset();
  // A frame has run.
  Judgement judge();

  // Every variable as of the last frame judged, in the order of the spec; those not present are 0.
  const std::vector<std::int64_t>& values() const { return now_; }
  // Every variable, in the order of the spec.
  const std::vector<Variable>& variables() const { return variables_; }
  // For each variable, in the order of the spec, whether the console has memory where it lies.
  std::vector<bool> are_present() const;
  void write(std::size_t variable, std::int64_t value);

  // What the scenario remembers from frame to frame, as numbers; part of a snapshot. Throws EngineError when a script
  // judges: what a program remembers cannot be copied.
  std::vector<std::int64_t> memory() const;
  // Throws EngineError when the numbers are not a memory of this scenario.
  void restore(const std::vector<std::int64_t>& memory);

 private:
  struct Progress {
    bool has_begun = false;
    double offset_x = 0, end_x = 0, lives = 3, act = 0, screen_x = 0;
    double reached = 0;  // fraction of the way
    std::int64_t frame = 0;
  };

  void require(std::size_t variable) const;
  void require(const Condition& condition) const;
  void require_all() const;
  void find_variables();
  void read();
  std::int64_t measured(const Measurement& measurement) const;
  bool holds(const Condition& condition) const;
  float declared_reward() const;
  void begin_milestones();
  float with_milestones(float reward);
  Judgement judge_progress();
  bool is_progress_done();
  float progress_reward();
  double progress();
  void begin_progress();
  double end_of_level() const;
  double value(std::size_t variable) const { return static_cast<double>(now_[variable]); }

  const ScenarioSpec spec_;
  const std::vector<MemoryBlock>& memory_;
  std::vector<MemoryBlock> known_memory_;  // where the variables were found
  std::vector<Variable> variables_;
  std::vector<RewardTerm> terms_;  // in the order in which they are summed
  float time_reward_ = 0;
  std::unique_ptr<Script> script_;
  std::vector<std::int64_t> before_, now_;
  Progress progress_;
  std::vector<std::int64_t> reached_;  // of each milestone: the highest value so far, or whether it has been paid
};

}  // namespace ngp
