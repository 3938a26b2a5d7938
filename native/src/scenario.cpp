#include "scenario.hpp"

#include <cstring>
#include <unordered_map>
#include <utility>

#include "errors.hpp"

namespace ngp {

namespace {

constexpr double kFullProgress = 9000;
constexpr double kFullSpeed = 1000;
constexpr double kFullTime = 18000;  // frames after which speed earns nothing

float worth(const RewardTerm& term, std::int64_t measured) {
  float amount = static_cast<float>(measured);
  if (amount < 0) {
    amount *= term.penalty;
  } else if (amount > 0) {
    amount *= term.reward;
  }
  return amount;
}

// stable-retro keeps its terms in an unordered_map and sums 32-bit floats in that container's order, on which the last
// bit depends: the same container, filled in the same order, gives the same sums.
std::vector<RewardTerm> in_summing_order(const ScenarioSpec& spec) {
  std::unordered_map<std::string, RewardTerm> order;
  for (const RewardTerm& term : spec.reward) {
    order.emplace(spec.variables.at(term.measurement.variable).name, term);
  }
  std::vector<RewardTerm> terms;
  for (const auto& [name, term] : order) terms.push_back(term);
  return terms;
}

// Comparisons as in the contest's scripts: they decide what becomes of an end that lies behind the start.
double clip(double number, double low, double high) { return number < low ? low : number > high ? high : number; }

std::int64_t bits_of(double number) {
  std::int64_t bits;
  std::memcpy(&bits, &number, sizeof bits);
  return bits;
}

double number_of(std::int64_t bits) {
  double number;
  std::memcpy(&number, &bits, sizeof number);
  return number;
}

}  // namespace

Operation operation_named(const std::string& name) {
  static const std::unordered_map<std::string, Operation> operations{
      {"", Operation::kNone},
      {"equal", Operation::kEqual},
      {"negative-equal", Operation::kNegativeEqual},
      {"not-equal", Operation::kNotEqual},
      {"less-than", Operation::kLessThan},
      {"greater-than", Operation::kGreaterThan},
      {"less-or-equal", Operation::kLessOrEqual},
      {"greater-or-equal", Operation::kGreaterOrEqual},
      {"nonzero", Operation::kNonzero},
      {"zero", Operation::kZero},
      {"negative", Operation::kNegative},
      {"positive", Operation::kPositive},
      {"sign", Operation::kSign},
  };
  const auto found = operations.find(name);
  if (found == operations.end()) throw EngineError("There is no operation '" + name + "'.");
  return found->second;
}

std::int64_t measure(Operation operation, std::int64_t reference, std::int64_t value) {
  switch (operation) {
    case Operation::kNone:
      return value;
    case Operation::kEqual:
      return value == reference;
    case Operation::kNegativeEqual:
      return static_cast<std::uint64_t>(value) == 0 - static_cast<std::uint64_t>(reference);
    case Operation::kNotEqual:
      return value != reference;
    case Operation::kLessThan:
      return value < reference;
    case Operation::kGreaterThan:
      return value > reference;
    case Operation::kLessOrEqual:
      return value <= reference;
    case Operation::kGreaterOrEqual:
      return value >= reference;
    case Operation::kNonzero:
      return value != 0;
    case Operation::kZero:
      return value == 0;
    case Operation::kNegative:
      return value < 0;
    case Operation::kPositive:
      return value > 0;
    case Operation::kSign:
      return (value > 0) - (value < 0);
  }
  return 0;
}

Scenario::Scenario(const ScenarioSpec& spec, const std::vector<MemoryBlock>& memory)
    : spec_(spec),
      memory_(memory),
      terms_(in_summing_order(spec)),
      before_(spec.variables.size()),
      now_(spec.variables.size()),
      reached_(spec.milestones.size()) {
  find_variables();
  require_all();
  if (spec.time) {
    const Measurement& time = spec.time->measurement;
    time_reward_ = worth(*spec.time, measure(time.operation, time.reference, 1));
  }
  if (spec.script) script_ = spec.script();
}

void Scenario::reset() {
  progress_ = {};
  read();
  before_ = now_;
  if (script_) script_->reset(variables_, now_);
  if (spec_.progress) judge_progress();
  begin_milestones();
}

Judgement Scenario::judge() {
  before_.swap(now_);
  read();
  if (spec_.progress) return judge_progress();
  const Script::Verdict verdict = script_ ? script_->judge(variables_, now_) : Script::Verdict{};
  return {with_milestones(verdict.reward ? *verdict.reward : declared_reward()),
          verdict.is_done ? *verdict.is_done : spec_.done && holds(*spec_.done)};
}

std::vector<std::int64_t> Scenario::memory() const {
  if (script_) throw EngineError("A scenario with a script cannot be saved: what its program remembers has no copy.");
  std::vector<std::int64_t> memory = now_;
  for (const double number : {progress_.offset_x, progress_.end_x, progress_.lives, progress_.act, progress_.screen_x,
                              progress_.reached}) {
    memory.push_back(bits_of(number));
  }
  memory.push_back(progress_.has_begun);
  memory.push_back(progress_.frame);
  memory.insert(memory.end(), reached_.begin(), reached_.end());
  return memory;
}

void Scenario::restore(const std::vector<std::int64_t>& memory) {
  constexpr std::size_t kNumProgress = 8;
  if (script_ || memory.size() != now_.size() + kNumProgress + spec_.milestones.size()) {
    throw EngineError("The saved memory of a scenario belongs to another scenario.");
  }
  const auto progress = memory.begin() + static_cast<std::ptrdiff_t>(now_.size());
  now_.assign(memory.begin(), progress);
  progress_ = {progress[6] != 0,       number_of(progress[0]), number_of(progress[1]), number_of(progress[2]),
               number_of(progress[3]), number_of(progress[4]), number_of(progress[5]), progress[7]};
  reached_.assign(progress + kNumProgress, memory.end());
}

void Scenario::require(std::size_t variable) const {
  const Variable& needed = variables_.at(variable);
  if (needed.is_present()) return;
  throw EngineError("The scenario needs the variable " + needed.name() + ", which lies at address " +
                    std::to_string(spec_.variables[variable].address) + ", where this console has no memory.");
}

void Scenario::require(const Condition& condition) const {
  for (const Measurement& measurement : condition.measurements) require(measurement.variable);
  for (const Condition& node : condition.nodes) require(node);
}

void Scenario::require_all() const {
  for (const RewardTerm& term : terms_) require(term.measurement.variable);
  for (const Milestone& milestone : spec_.milestones) require(milestone.term.measurement.variable);
  if (spec_.done) require(*spec_.done);
  if (!spec_.progress) return;
  const ProgressSpec& progress = *spec_.progress;
  require(progress.x);
  require(progress.lives);
  for (const auto& variable : {progress.end_x, progress.zone, progress.act, progress.screen_x}) {
    if (variable) require(*variable);
  }
  if (!progress.end_x && !(progress.zone && progress.act)) {
    throw EngineError("A reward for progress needs a variable for the end, or variables for zone and act.");
  }
  if (progress.screen_x && !progress.act) throw EngineError("Only a change of act re-bases x by screen_x.");
  for (const Measurement& measurement : progress.also_done) require(measurement.variable);
}

void Scenario::find_variables() {
  known_memory_ = memory_;
  variables_.clear();
  variables_.reserve(spec_.variables.size());
  for (const VariableSpec& variable : spec_.variables) variables_.emplace_back(variable, memory_, spec_.word_bytes);
}

std::vector<bool> Scenario::are_present() const {
  std::vector<bool> present;
  for (const Variable& variable : variables_) present.push_back(variable.is_present());
  return present;
}

void Scenario::write(std::size_t variable, std::int64_t value) {
  if (memory_ != known_memory_) find_variables();
  variables_.at(variable).write(value);
}

void Scenario::read() {
  if (memory_ != known_memory_) find_variables();
  for (std::size_t index = 0; index < variables_.size(); ++index) now_[index] = variables_[index].read();
}

std::int64_t Scenario::measured(const Measurement& measurement) const {
  const std::int64_t now = now_[measurement.variable];
  const auto change = static_cast<std::uint64_t>(now) - static_cast<std::uint64_t>(before_[measurement.variable]);
  return measure(measurement.operation, measurement.reference,
                 measurement.is_delta ? static_cast<std::int64_t>(change) : now);
}

bool Scenario::holds(const Condition& condition) const {
  for (const Measurement& measurement : condition.measurements) {
    if ((measured(measurement) > 0) != condition.needs_all) return !condition.needs_all;
  }
  for (const Condition& node : condition.nodes) {
    if (holds(node) != condition.needs_all) return !condition.needs_all;
  }
  return condition.needs_all;
}

float Scenario::declared_reward() const {
  float reward = time_reward_;
  for (const RewardTerm& term : terms_) reward += worth(term, measured(term.measurement));
  return reward;
}

void Scenario::begin_milestones() {
  reached_.clear();
  for (const Milestone& milestone : spec_.milestones) {
    const Measurement& measurement = milestone.term.measurement;
    reached_.push_back(milestone.is_once ? measured(measurement) > 0 : now_[measurement.variable]);
  }
}

float Scenario::with_milestones(float reward) {
  for (std::size_t index = 0; index < reached_.size(); ++index) {
    const auto& [is_once, term] = spec_.milestones[index];
    const Measurement& measurement = term.measurement;
    const std::int64_t now = now_[measurement.variable], before = reached_[index];
    if (is_once) {
      if (before || measured(measurement) <= 0) continue;
      reached_[index] = 1;
      reward += term.reward;
    } else if (now > before) {
      const auto gain = static_cast<std::uint64_t>(now) - static_cast<std::uint64_t>(before);
      reached_[index] = now;
      reward += worth(term, measure(measurement.operation, measurement.reference, static_cast<std::int64_t>(gain)));
    }
  }
  return reward;
}

// The end is asked about before the reward, as stable-retro does: both take a step of the script's memory.
Judgement Scenario::judge_progress() {
  const bool is_done = is_progress_done();
  const float reward = progress_reward();
  ++progress_.frame;
  return {reward, is_done};
}

bool Scenario::is_progress_done() {
  for (const Measurement& measurement : spec_.progress->also_done) {
    if (measured(measurement) > 0) return true;
  }
  const double lives = value(spec_.progress->lives);
  if (lives < progress_.lives) return true;
  progress_.lives = lives;
  return progress() >= 1;
}

float Scenario::progress_reward() {
  const double reached = progress();
  double reward = (reached - progress_.reached) * kFullProgress;
  progress_.reached = reached;
  if (reached >= 1) {
    const double time = static_cast<double>(progress_.frame + spec_.progress->first_frame) / kFullTime;
    reward += (1 - clip(time, 0, 1)) * kFullSpeed;
  }
  return static_cast<float>(reward);
}

double Scenario::progress() {
  const ProgressSpec& spec = *spec_.progress;
  if (!progress_.has_begun) begin_progress();
  if (spec.screen_x) {
    if (value(*spec.act) != progress_.act) progress_.offset_x -= value(*spec.screen_x) - progress_.screen_x;
    progress_.act = value(*spec.act);
    progress_.screen_x = value(*spec.screen_x);
  }
  return clip(value(spec.x) + progress_.offset_x, 0, progress_.end_x) / progress_.end_x;
}

void Scenario::begin_progress() {
  const ProgressSpec& spec = *spec_.progress;
  progress_.end_x = end_of_level() - value(spec.x);
  progress_.offset_x = -value(spec.x);
  if (spec.screen_x) {
    progress_.act = value(*spec.act);
    progress_.screen_x = value(*spec.screen_x);
  }
  progress_.has_begun = true;
}

double Scenario::end_of_level() const {
  const ProgressSpec& spec = *spec_.progress;
  if (spec.end_x) return value(*spec.end_x);
  const std::int64_t zone = now_[*spec.zone], act = now_[*spec.act];
  for (const ProgressSpec::End& end : spec.ends) {
    if (end.zone == zone && end.act == act) return static_cast<double>(end.x);
  }
  throw EngineError("It is unknown where the level of zone " + std::to_string(zone) + ", act " + std::to_string(act) +
                    " ends, so there is no progress to reward.");
}

}  // namespace ngp
