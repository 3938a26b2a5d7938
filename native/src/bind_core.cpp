// Python's view of a single console, moved frame by frame: for playing movies back and for environments of one.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstring>
#include <functional>
#include <utility>

#include "core.hpp"
#include "errors.hpp"
#include "observation.hpp"
#include "python_lock.hpp"
#include "scenario.hpp"
#include "scenario_spec_from_python.hpp"
#include "shared_blob.hpp"
#include "watchdog.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace ngp {

namespace {

// A numpy array that owns a copy of `content`.
template <typename Item>
nb::object array_of(const std::vector<Item>& content, std::vector<std::size_t> shape) {
  auto* copy = new std::vector<Item>(content);
  nb::capsule owner(copy, [](void* pointer) noexcept { delete static_cast<std::vector<Item>*>(pointer); });
  return nb::cast(nb::ndarray<nb::numpy, Item>(copy->data(), shape.size(), shape.data(), owner));
}

BeforeState before_state_named(const std::string& name) {
  if (name == "reset") return BeforeState::kReset;
  if (name == "reload") return BeforeState::kReload;
  if (name == "restart") return BeforeState::kRestart;
  if (name == "nothing") return BeforeState::kNothing;
  throw EngineError("There is nothing called " + name + " to do before a state.");
}

// A console that takes one call at a time.
struct Console {
  Console(const CoreSpec& spec, std::shared_ptr<const Bytes> rom) : core(spec, std::move(rom)) {}
  Core core;
  python_lock::Occupied occupied;
};

// A call into a console, which throws EngineError while there is another.
struct Use : python_lock::Occupied::Call {
  explicit Use(Console& console)
      : Call(console.occupied, "Another thread is using this console: give each thread one of its own.") {}
};

// `method` of the core, as a call into the console.
template <auto method>
auto guarded(Console& console) {
  const Use use(console);
  return std::invoke(method, console.core);
}

// Judges the frames of one console; what it reads is the console's memory.
struct Judge {
  Judge(Console& console, nb::handle scenario)
      : console(console), scenario(scenario_spec_from_python(scenario), console.core.memory()) {}
  Console& console;
  Scenario scenario;
};

template <auto method, typename... Arguments>
auto judged(Judge& judge, Arguments... arguments) {
  const Use use(judge.console);
  return std::invoke(method, judge.scenario, arguments...);
}

// Holds the masks of all players and runs a frame with the interpreter's lock released.
void run(Console& console, const std::vector<std::uint32_t>& masks, bool is_drawn) {
  const Use use(console);
  Core& core = console.core;
  const python_lock::Unlocked unlocked;
  for (unsigned player = 0; player < kMaxPlayers; ++player) {
    core.set_buttons(player, player < masks.size() ? masks[player] : 0);
  }
  core.run(is_drawn);
}

void warm_up(Console& console) {
  const Use use(console);
  const python_lock::Unlocked unlocked;
  console.core.warm_up();
}

nb::object screen(Console& console) {
  const Use use(console);
  Core& core = console.core;
  if (core.is_picture_old()) throw EngineError("No frame was drawn since the state was loaded: run one first.");
  std::size_t height = 0, width = 0;
  const Bytes pixels = Observer::screen(core, Window{}, &height, &width);
  return array_of(pixels, {height, width, 3});
}

nb::object audio(Console& console) {
  const Use use(console);
  const std::vector<std::int16_t>& audio = console.core.audio();
  return array_of(audio, {audio.size() / 2, 2});
}

nb::dict memory(Console& console) {
  const Use use(console);
  nb::dict blocks;
  for (const MemoryBlock& block : console.core.memory()) blocks[nb::int_(block.address)] = nb::bytes(block.data, block.size);
  return blocks;
}

// A whole state; what the core leaves untouched is zero.
nb::bytes save(Console& console) {
  const Use use(console);
  Core& core = console.core;
  Bytes whole(core.state_size(), 0);
  const std::uint8_t* const content = core.save();
  whole.resize(core.state_size(), 0);
  std::memcpy(whole.data(), content, core.content_size());
  return nb::bytes(whole.data(), whole.size());
}

void load(Console& console, const nb::bytes& state) {
  const Use use(console);
  console.core.load(reinterpret_cast<const std::uint8_t*>(state.c_str()), state.size());
}

nb::bytes image(Console& console) {
  const Use use(console);
  const Bytes image = console.core.image();
  return nb::bytes(image.data(), image.size());
}

void put_back(Console& console, const nb::bytes& image) {
  const Use use(console);
  console.core.put_back(reinterpret_cast<const std::uint8_t*>(image.c_str()), image.size());
}

}  // namespace

void bind_core(nb::module_& module) {
  nb::class_<Blob>(module, "Blob", "Bytes, copied once for all consoles that share them.")
      .def(
          "__init__",
          [](Blob* blob, const nb::bytes& content) {
            const auto* data = reinterpret_cast<const std::uint8_t*>(content.c_str());
            new (blob) Blob{Bytes(data, data + content.size())};
          },
          "content"_a)
      .def("__len__", [](const Blob& blob) { return blob.content.size(); });
  nb::class_<CoreSpec>(module, "CoreSpec", "Which core a console runs on, and with which options.")
      .def(
          "__init__",
          [](CoreSpec* spec, std::string library, std::string rom_path, std::string system_folder,
             std::map<std::string, std::string> options, std::size_t ram_address,
             const std::string& before_state, std::uint32_t button_mask,
             std::pair<std::size_t, std::size_t> random_part) {
            new (spec) CoreSpec{std::move(library), std::move(rom_path), std::move(system_folder), std::move(options),
                                ram_address, before_state_named(before_state), button_mask,
                                random_part.first, random_part.second};
          },
          nb::kw_only(), "library"_a, "rom_path"_a, "system_folder"_a, "options"_a, "ram_address"_a, "before_state"_a,
          "button_mask"_a, "random_part"_a);
  nb::class_<Console>(module, "Console", "One console, moved frame by frame.")
      .def(
          "__init__",
          [](Console* console, const CoreSpec& spec, const SharedBlob& rom) {
            new (console) Console(spec, content_of(rom));
          },
          "spec"_a, "rom"_a)
      .def("warm_up", &warm_up)
      .def("run", &run, "masks"_a, "is_drawn"_a)
      .def("screen", &screen)
      .def(
          "keep_audio",
          [](Console& console, bool is_kept) {
            const Use use(console);
            console.core.keep_audio(is_kept);
          },
          "is_kept"_a)
      .def("audio", &audio)
      .def("memory", &memory)
      .def("save", &save)
      .def("load", &load, "state"_a)
      .def("image", &image)
      .def("put_back", &put_back, "image"_a)
      .def_prop_ro("name", &guarded<&Core::name>)
      .def_prop_ro("version", &guarded<&Core::version>)
      .def_prop_ro("options", &guarded<&Core::options>)
      .def_prop_ro("frames_per_second", &guarded<&Core::frames_per_second>)
      .def_prop_ro("samples_per_second", &guarded<&Core::samples_per_second>)
      .def_prop_ro("leaves_frames_undrawn", &guarded<&Core::can_skip_drawing>);
  nb::class_<Judge>(module, "Judge", "Judges the frames of one console.")
      .def(
          "__init__",
          [](Judge* judge, Console& console, nb::handle scenario) {
            const Use use(console);
            new (judge) Judge(console, scenario);
          },
          "console"_a, "scenario"_a, nb::keep_alive<1, 2>())
      .def("reset", &judged<&Scenario::reset>)
      .def("judge",
           [](Judge& judge) {
             const Judgement judgement = judged<&Scenario::judge>(judge);
             return std::pair<float, bool>(judgement.reward, judgement.is_done);
           })
      .def("values", &judged<&Scenario::values>)
      .def("are_present", &judged<&Scenario::are_present>)
      .def("memory", &judged<&Scenario::memory>, "What the scenario remembers, as numbers.")
      .def("restore", &judged<&Scenario::restore, std::vector<std::int64_t>>, "memory"_a,
           "Goes back to what `memory` gave.")
      .def("write", &judged<&Scenario::write, std::size_t, std::int64_t>, "variable"_a, "value"_a);
  module.def("set_timeout", &watchdog::set_timeout, "seconds"_a,
             "After how long a call into a core counts as hung; 0 means never.");
  module.def("timeout", &watchdog::timeout);
}

}  // namespace ngp
