// A lane's episodes, and moments to come back to.
#include "lane.hpp"

#include "check.hpp"
#include "errors.hpp"

using namespace ngp;
using namespace ngp::test;

namespace {

struct Row {
  explicit Row(Lane& lane) : seen(lane.observer().shape().size()), last(seen.size()) {}
  Bytes seen, last;
  std::int64_t values[1] = {};
};

Outcome step(Lane& lane, Row& row, std::uint32_t mask) {
  return lane.step(mask, row.seen.data(), row.values, row.last.data(), row.values);
}

void check_snapshots(const std::string& name, const std::string& rom) {
  const LaneSpec spec = lane_spec(core_spec(name, rom), read(rom), 200);
  Lane one(spec), other(spec);
  Row row(one), other_row(other);
  one.reset(row.seen.data(), row.values);
  Buttons buttons(2);
  for (unsigned count = 0; count < 20; ++count) step(one, row, buttons.next());
  const auto moment = one.save();
  // States leave out a little of what some consoles do, so the first goes back as well.
  one.load(*moment, row.seen.data(), row.values);
  other.load(*moment, other_row.seen.data(), other_row.values);
  other.random() = one.random();
  CHECK(row.seen == other_row.seen);
  for (unsigned count = 0; count < 20; ++count) {
    const std::uint32_t mask = buttons.next();
    step(one, row, mask);
    step(other, other_row, mask);
    CHECK(row.seen == other_row.seen);
    CHECK(hash_of_memory(one.core()) == hash_of_memory(other.core()));
    CHECK(one.held_masks() == other.held_masks());
  }
}

void check_episodes() {
  LaneSpec spec = faulty_lane("n");
  spec.max_episode_steps = 3;
  Lane lane(spec);
  Row row(lane);
  CHECK_THROWS(EngineError, "reset it", step(lane, row, 0));
  lane.reset(row.seen.data(), row.values);
  const Bytes first = row.seen;
  for (unsigned count = 1; count <= 7; ++count) CHECK(step(lane, row, 0).is_truncated == (count % 3 == 0));
  CHECK(row.seen != first && row.last != first);
  spec.fingerprint = "another";
  Lane stranger(spec);
  CHECK_THROWS(EngineError, "another core build", stranger.load(*lane.save(), row.seen.data(), row.values));
}

}  // namespace

int main() {
  for (const auto& [name, rom] : real_games()) check_snapshots(name, rom);
  check_episodes();
}
