// Types, scenarios and scripts as Python sees them.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <map>
#include <memory>
#include <utility>

#include "errors.hpp"
#include "python_lock.hpp"
#include "scenario.hpp"
#include "scenario_spec_from_python.hpp"

namespace nb = nanobind;

namespace ngp {

namespace {

using ByteArray = nb::ndarray<std::uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

template <typename Value>
Value get(nb::handle object, const char* name) {
  return nb::cast<Value>(object.attr(name));
}

template <typename Value, typename Convert>
std::vector<Value> each(nb::object sequence, Convert convert) {
  std::vector<Value> values;
  for (nb::handle item : sequence) values.push_back(convert(item));
  return values;
}

nb::dict dict_of(const std::vector<Variable>& variables, const std::vector<std::int64_t>& values) {
  nb::dict named;
  for (std::size_t index = 0; index < variables.size(); ++index) {
    if (variables[index].is_present()) named[variables[index].name().c_str()] = values[index];
  }
  return named;
}

// A program that Python runs. Frames are judged without Python's lock, so each call takes it.
class PythonScript : public Script {
 public:
  explicit PythonScript(nb::object script) : script_(std::move(script)) {}
  ~PythonScript() override { python_lock::drop(script_); }

  void reset(const std::vector<Variable>& variables, const std::vector<std::int64_t>& values) override {
    in_words([&] { script_.attr("reset")(dict_of(variables, values)); });
  }

  Verdict judge(const std::vector<Variable>& variables, const std::vector<std::int64_t>& values) override {
    Verdict verdict;
    in_words([&] {
      const nb::object said = script_.attr("judge")(dict_of(variables, values));
      verdict = {nb::cast<std::optional<float>>(said[0]), nb::cast<std::optional<bool>>(said[1])};
    });
    return verdict;
  }

 private:
  // Python's exceptions cannot travel through threads that do not hold its lock: only their sentence does.
  template <typename Action>
  static void in_words(const Action& action) {
    const python_lock::Locked lock;
    try {
      action();
    } catch (const nb::python_error& error) {
      throw ScriptError(nb::str(error.value()).c_str());
    }
  }

  nb::object script_;
};

// Shares a Python object between copies of a spec that may end where Python's lock is not held.
std::shared_ptr<nb::object> shared(nb::object object) {
  return {new nb::object(std::move(object)), [](nb::object* kept) {
            python_lock::drop(*kept);
            delete kept;
          }};
}

Measurement measurement_of(nb::handle object) {
  return {get<std::size_t>(object, "variable"), get<bool>(object, "is_delta"),
          operation_named(get<std::string>(object, "operation")), get<std::int64_t>(object, "reference")};
}

RewardTerm term_of(nb::handle object) {
  return {measurement_of(object.attr("measurement")), get<float>(object, "reward"), get<float>(object, "penalty")};
}

Milestone milestone_of(nb::handle object) { return {get<bool>(object, "is_once"), term_of(object.attr("term"))}; }

Condition condition_of(nb::handle object) {
  return {get<bool>(object, "needs_all"), each<Measurement>(object.attr("measurements"), measurement_of),
          each<Condition>(object.attr("nodes"), condition_of)};
}

VariableSpec variable_of(nb::handle object) {
  return {get<std::string>(object, "name"), get<std::string>(object, "type"), get<std::size_t>(object, "address"),
          get<std::uint64_t>(object, "mask")};
}

ProgressSpec progress_of(nb::handle object) {
  using Index = std::optional<std::size_t>;
  ProgressSpec spec;
  spec.x = get<std::size_t>(object, "x");
  spec.lives = get<std::size_t>(object, "lives");
  spec.end_x = get<Index>(object, "end_x");
  spec.zone = get<Index>(object, "zone");
  spec.act = get<Index>(object, "act");
  spec.screen_x = get<Index>(object, "screen_x");
  spec.first_frame = get<std::int64_t>(object, "first_frame");
  spec.also_done = each<Measurement>(object.attr("also_done"), measurement_of);
  spec.ends = each<ProgressSpec::End>(object.attr("ends"), [](nb::handle end) -> ProgressSpec::End {
    return {nb::cast<std::int64_t>(end[0]), nb::cast<std::int64_t>(end[1]), nb::cast<std::int64_t>(end[2])};
  });
  return spec;
}

// A scenario over memory that the caller owns: what a lane does, without a console.
class ScenarioProbe {
 public:
  ScenarioProbe(nb::handle specification, const std::map<std::size_t, ByteArray>& memory)
      : memory_(memory), blocks_(blocks()), scenario_(scenario_spec_from_python(specification), blocks_) {}

  void reset() { scenario_.reset(); }
  std::pair<float, bool> judge() {
    const python_lock::Occupied::Call call(occupied_, "This scenario is judging in another thread.");
    const python_lock::Unlocked unlocked;
    const Judgement judgement = scenario_.judge();
    return {judgement.reward, judgement.is_done};
  }
  nb::dict values() const { return dict_of(scenario_.variables(), scenario_.values()); }
  void write(std::size_t variable, std::int64_t value) { scenario_.write(variable, value); }
  std::vector<std::int64_t> memory() const { return scenario_.memory(); }
  void restore(const std::vector<std::int64_t>& memory) { scenario_.restore(memory); }

 private:
  std::vector<MemoryBlock> blocks() {
    std::vector<MemoryBlock> blocks;
    for (auto& [address, bytes] : memory_) blocks.push_back({address, bytes.size(), bytes.data()});
    return blocks;
  }

  std::map<std::size_t, ByteArray> memory_;
  std::vector<MemoryBlock> blocks_;
  Scenario scenario_;
  python_lock::Occupied occupied_;
};

nb::bytes encode(const DataType& type, std::int64_t value) {
  std::uint8_t bytes[8];
  type.encode(bytes, value);
  return nb::bytes(bytes, type.width());
}

std::int64_t decode(const DataType& type, const nb::bytes& bytes) {
  if (bytes.size() != type.width()) {
    throw EngineError("The type is " + std::to_string(type.width()) + " bytes wide, not " +
                      std::to_string(bytes.size()) + ".");
  }
  return type.decode(reinterpret_cast<const std::uint8_t*>(bytes.c_str()));
}

}  // namespace

ScenarioSpec scenario_spec_from_python(nb::handle specification) {
  ScenarioSpec spec;
  spec.variables = each<VariableSpec>(specification.attr("variables"), variable_of);
  spec.reward = each<RewardTerm>(specification.attr("reward"), term_of);
  if (const nb::object time = specification.attr("time"); !time.is_none()) spec.time = term_of(time);
  if (const nb::object done = specification.attr("done"); !done.is_none()) spec.done = condition_of(done);
  if (const nb::object progress = specification.attr("progress"); !progress.is_none()) {
    spec.progress = progress_of(progress);
  }
  if (nb::object maker = specification.attr("script"); !maker.is_none()) {
    spec.script = [maker = shared(std::move(maker))]() -> std::unique_ptr<Script> {
      const python_lock::Locked lock;
      return std::make_unique<PythonScript>((*maker)());
    };
  }
  spec.milestones = each<Milestone>(specification.attr("milestones"), milestone_of);
  spec.word_bytes = get<std::size_t>(specification, "word_bytes");
  if (spec.word_bytes != 1 && spec.word_bytes != 2 && spec.word_bytes != 4 && spec.word_bytes != 8) {
    throw EngineError("A word has 1, 2, 4 or 8 bytes, not " + std::to_string(spec.word_bytes) + ".");
  }
  return spec;
}

void bind_scenario(nb::module_& module) {
  nb::class_<DataType>(module, "DataType", "A type of data.json, such as >u2.")
      .def(nb::init<const std::string&>(), nb::arg("text"))
      .def_prop_ro("width", &DataType::width, "Bytes that a number takes.")
      .def("decode", &decode, nb::arg("data"), "The number in `width` bytes of memory.")
      .def("encode", &encode, nb::arg("value"), "The `width` bytes that hold a number.");

  nb::class_<ScenarioProbe>(module, "ScenarioProbe", "A scenario over memory that the caller owns.")
      .def(nb::init<nb::handle, const std::map<std::size_t, ByteArray>&>(), nb::arg("specification"), nb::arg("memory"),
           "`specification`: a ScenarioSpec; `memory`: address of each block to its uint8 array, which is kept.")
      .def("reset", &ScenarioProbe::reset, "An episode begins with the memory as it is.")
      .def("judge", &ScenarioProbe::judge, "A frame has run: its reward and whether the episode is over.")
      .def_prop_ro("values", &ScenarioProbe::values, "Name of each variable that is there to its value.")
      .def("write", &ScenarioProbe::write, nb::arg("variable"), nb::arg("value"),
           "Writes a variable, named by its index, into the memory.")
      .def("memory", &ScenarioProbe::memory, "What the scenario remembers, as numbers.")
      .def("restore", &ScenarioProbe::restore, nb::arg("memory"), "Goes back to what `memory` gave.");
}

}  // namespace ngp
