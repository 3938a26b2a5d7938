#include "lane.hpp"

#include <algorithm>
#include <utility>

#include "errors.hpp"

namespace ngp {

Lane::Lane(LaneSpec spec) : spec_(std::move(spec)) {
  load_core();
  held_masks_.reserve(spec_.frames_per_step);
  frame_rewards_.reserve(spec_.frames_per_step);
}

void Lane::load_core() {
  core_ = std::make_unique<Core>(spec_.core, spec_.rom);
  core_->warm_up();
  load_start();
  core_->run();
  scenario_ = std::make_unique<Scenario>(spec_.scenario, core_->memory());
  observer_ = std::make_unique<Observer>(spec_.observation, *core_);
  is_over_ = true;
}

// The console is about to run an episode's first frame, with no button held.
void Lane::load_start() {
  core_->load(spec_.start_state->data(), spec_.start_state->size());
  for (unsigned player = 0; player < kMaxPlayers; ++player) core_->set_buttons(player, 0);
  keyframe_ = {spec_.start_state, {}};
  masks_.assign(1, 0);
  is_written_ = false;
}

void Lane::reset(std::uint8_t* observation, std::int64_t* values) {
  load_start();
  core_->run(observer_->num_frames_drawn() > 0);
  scenario_->reset();
  has_held_ = false;
  is_over_ = false;
  num_steps_ = 0;
  see(true, observation, values);
}

Outcome Lane::step(std::uint32_t mask, std::uint8_t* observation, std::int64_t* values,
                   std::uint8_t* final_observation, std::int64_t* final_values) {
  if (is_over_) throw EngineError("The episode is over or has not begun: reset it before the next step.");
  const std::uint32_t first = first_mask(mask);
  const unsigned num_frames = spec_.frames_per_step;
  const unsigned first_drawn = num_frames - std::min(num_frames, observer_->num_frames_drawn());
  held_masks_.clear();
  frame_rewards_.clear();
  Outcome outcome;
  for (unsigned index = 0; index < num_frames && !outcome.is_terminated; ++index) {
    run_frame(index == 0 ? first : mask, index >= first_drawn);
    if (index + 2 == num_frames) observer_->note_previous(*core_);
    const Judgement judgement = scenario_->judge();
    outcome.reward += judgement.reward;
    frame_rewards_.push_back(judgement.reward);
    outcome.is_terminated = judgement.is_done;
  }
  has_held_ = true;
  ++num_steps_;
  outcome.is_truncated = spec_.max_episode_steps != 0 && num_steps_ >= spec_.max_episode_steps;
  if (outcome.is_over() && stops_at_ends_) {
    see(false, observation, values);
    is_over_ = true;
  } else if (outcome.is_over()) {
    see(false, final_observation, final_values);
    reset(observation, values);
  } else {
    see(false, observation, values);
  }
  return outcome;
}

// The action of the step before may be held for one more frame (the contest's stochastic frame skip of 2018).
std::uint32_t Lane::first_mask(std::uint32_t mask) {
  if (!has_held_ || spec_.sticky_probability <= 0) return mask;
  return random_.uniform() > spec_.sticky_probability ? mask : held_masks_.back();
}

void Lane::run_frame(std::uint32_t mask, bool is_drawn) {
  core_->set_buttons(0, mask);
  core_->run(is_drawn);
  held_masks_.push_back(mask);
  masks_.push_back(mask);
}

void Lane::see(bool is_first, std::uint8_t* observation, std::int64_t* values) {
  if (is_first) {
    observer_->begin(*core_, observation);
  } else {
    observer_->observe(*core_, observation);
  }
  const std::vector<std::int64_t>& now = scenario_->values();
  std::copy(now.begin(), now.end(), values);
}

std::shared_ptr<const Snapshot> Lane::save() const {
  if (is_written_) {
    throw EngineError("A variable was written into the console's memory, which no buttons repeat: settle the lane first.");
  }
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->fingerprint = spec_.fingerprint;
  snapshot->keyframe = keyframe_;
  snapshot->masks = masks_;
  snapshot->stack = observer_->frames();
  snapshot->held_mask = held_masks_.empty() ? 0 : held_masks_.back();
  snapshot->has_held = has_held_;
  snapshot->is_over = is_over_;
  snapshot->num_steps = num_steps_;
  return snapshot;
}

void Lane::settle() {
  std::vector<std::int64_t> scenario = scenario_->memory();
  const std::uint8_t* const state = core_->settle();
  keyframe_ = {std::make_shared<const Bytes>(state, state + core_->content_size()), std::move(scenario)};
  masks_.clear();
  is_written_ = false;
}

void Lane::load(const Snapshot& snapshot, std::uint8_t* observation, std::int64_t* values) {
  if (snapshot.fingerprint != spec_.fingerprint) {
    throw EngineError("This snapshot belongs to another core build or game; a lane takes only its own kind.");
  }
  if (!snapshot.keyframe.is_start()) scenario_->restore(snapshot.keyframe.scenario);
  observer_->restore(snapshot.stack);
  is_over_ = true;  // unless the core takes the state
  keyframe_ = snapshot.keyframe;
  masks_ = snapshot.masks;
  is_written_ = false;
  replay(snapshot);
  std::copy(snapshot.stack.begin(), snapshot.stack.end(), observation);
  held_masks_.assign(1, snapshot.held_mask);
  frame_rewards_.clear();
  has_held_ = snapshot.has_held;
  is_over_ = snapshot.is_over;
  num_steps_ = snapshot.num_steps;
  const std::vector<std::int64_t>& now = scenario_->values();
  std::copy(now.begin(), now.end(), values);
}

// Only the last frame is drawn.
void Lane::replay(const Snapshot& snapshot) {
  const Bytes& state = *snapshot.keyframe.state;
  if (state.size() >= core_->state_size()) {
    core_->load(state.data(), state.size());
  } else {
    core_->load_content(state.data(), state.size());
  }
  for (unsigned player = 0; player < kMaxPlayers; ++player) core_->set_buttons(player, 0);
  for (std::size_t frame = 0; frame < snapshot.masks.size(); ++frame) {
    core_->set_buttons(0, snapshot.masks[frame]);
    core_->run(frame + 1 == snapshot.masks.size() && observer_->num_frames_drawn() > 0);
    if (frame == 0 && snapshot.keyframe.is_start()) {
      scenario_->reset();
    } else {
      scenario_->judge();
    }
  }
}

void Lane::write(std::size_t variable, std::int64_t value) {
  scenario_->write(variable, value);
  is_written_ = true;
}

void Lane::rebuild(std::uint8_t* observation, std::int64_t* values) {
  is_over_ = true;  // and stays so if the new console fails as well
  load_core();
  reset(observation, values);
}

}  // namespace ngp
