// Real cores load, run, save and close beside each other; wrong ones are refused in words.
#include "core.hpp"

#include "check.hpp"
#include "errors.hpp"

using namespace ngp;
using namespace ngp::test;

namespace {

void check_states(const std::string& name, const std::string& rom) {
  const CoreSpec spec = core_spec(name, rom);
  const auto content = read(rom);
  Core one(spec, content);
  Core other(spec, content);
  Buttons buttons(1);
  for (unsigned frame = 0; frame < 120; ++frame) {
    one.set_buttons(0, buttons.next());
    one.run();
  }
  CHECK(one.picture().pixels != nullptr && !one.memory().empty());
  const std::uint8_t* const state = one.save();
  const Bytes kept(state, state + one.content_size());
  CHECK(kept.size() <= one.state_size());
  other.run();
  // States leave out a little of what some consoles do, so the first goes back as well.
  one.load_content(kept.data(), kept.size());
  other.load_content(kept.data(), kept.size());
  for (unsigned frame = 0; frame < 60; ++frame) {
    const std::uint32_t mask = buttons.next();
    one.set_buttons(0, mask);
    other.set_buttons(0, mask);
    one.run();
    other.run();
    CHECK(hash_of_memory(one) == hash_of_memory(other));
  }
  CHECK_THROWS(EngineError, "refuses a state", other.load(kept.data(), 8));
}

void check_loading_often(const std::string& name, const std::string& rom) {
  const auto content = read(rom);
  for (unsigned round = 0; round < 10; ++round) {
    Core core(core_spec(name, rom), content);
    core.run();
  }
}

void check_refusals() {
  const auto rom = bytes("n");
  CHECK_THROWS(EngineError, "cannot be read", Core(core_spec("missing", "faulty.rom"), rom));
  CHECK_THROWS(EngineError, "no entry point retro_run", Core(core_spec("incomplete", "faulty.rom"), rom));
  CHECK_THROWS(EngineError, "cannot be loaded", Core(core_spec("text", "faulty.rom"), rom));
  CHECK_THROWS(EngineError, "refuses the ROM", Core(core_spec("faulty", "faulty.rom"), bytes("R")));
  CoreSpec spec = core_spec("faulty", "faulty.rom");
  spec.options = {{"faulty_mood", "glad"}};
  CHECK_THROWS(EngineError, "calm, cross", Core(spec, rom));
  spec.options = {{"faulty_hat", "red"}};
  CHECK_THROWS(EngineError, "faulty_mood", Core(spec, rom));
}

}  // namespace

int main() {
  for (const auto& [name, rom] : real_games()) {
    check_states(name, rom);
    check_loading_often(name, rom);
  }
  check_refusals();
}
